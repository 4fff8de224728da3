import type { EventProblem } from '../../events/domain';

/** Headers as Node has them: names in lower case, values a character for each byte. */
type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const PREFIX = 'ce-';
const QUOTED = /^"(.*)"$/s;
const VISIBLE_ASCII = /^[\x20-\x7e]*$/;

/** Whether a request is a CloudEvent in binary mode: the attributes in headers, the data alone in the body. */
export function isBinaryCloudEvent(headers: Headers): boolean {
  return headers['ce-specversion'] !== undefined;
}

/**
 * The attributes that are in the headers, by their names, or which header can't be read.
 *
 * @see CloudEvents HTTP protocol binding 1.0.2, 3.1.3.2: values may be quoted, and are percent-encoded
 */
export function attributesOf(headers: Headers): { attributes: Record<string, string> } | EventProblem {
  const attributes: Record<string, string> = {};
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(PREFIX) || value === undefined) continue;
    const decoded = decodedValue(typeof value === 'string' ? value : value.join(', '));
    if (decoded === null) {
      const detail = 'must be ASCII, with other characters percent-encoded as UTF-8';
      return { code: 'invalid_event', field: header.slice(0, 100), detail };
    }
    attributes[header.slice(PREFIX.length)] = decoded;
  }
  return { attributes };
}

function decodedValue(value: string): string | null {
  if (!VISIBLE_ASCII.test(value)) return null;
  const quoted = QUOTED.exec(value);
  const text = quoted === null ? value : quoted[1]!.replaceAll(/\\(.)/g, '$1');
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // not UTF-8, or a % with no two digits behind it
  }
}
