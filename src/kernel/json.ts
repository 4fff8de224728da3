import { isUtf8 } from 'node:buffer';
import { DomainError } from './errors';

/** The body is not JSON. */
export class MalformedJsonError extends DomainError {
  readonly code = 'malformed_json';
  readonly kind = 'malformed';
}

/**
 * A number literal that a double may not hold: 16 or more characters, or an exponent. Literals follow `:`, `,`, `[` or
 * white space (or begin the text), which keeps most strings from matching; a false alarm only costs the slow path.
 */
const SUSPECT_NUMBER = /(?:^|[:,[\s])-?\d(?:[\d.]{15}|[\d.]*[eE])/;
const NUMBER = /-?[\d.eE+-]*/y;
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const NAME_ENDS = /\s*:/y;

/** Reads the bytes of a body. @throws MalformedJsonError when they are not JSON in UTF-8 */
export function parseJsonBytes(bytes: Buffer): unknown {
  // Broken bytes would all be read as U+FFFD, and two ids could become one.
  if (!isUtf8(bytes)) throw new MalformedJsonError('The body is not valid JSON: it is not UTF-8.');
  return parseJson(bytes.toString('utf8'));
}

/**
 * Parses JSON without losing digits: a number that a double can't hold exactly (more than 15 significant digits that
 * don't survive, or an exponent) is handed on as a string of its own text, where a decimal is expected as a string
 * anyway. So 0.1000000000000000055 is refused for its digits instead of becoming 0.1.
 *
 * @throws MalformedJsonError with the parser's reason
 */
export function parseJson(text: string): unknown {
  const exact = SUSPECT_NUMBER.test(text) ? quoteInexactNumbers(text) : text;
  try {
    return JSON.parse(exact);
  } catch (error) {
    throw new MalformedJsonError(`The body is not valid JSON: ${reasonFor(text, error as Error).slice(0, 200)}.`);
  }
}

/** Parsed again as it came, so that the reason speaks of the sender's text. */
function reasonFor(text: string, otherwise: Error): string {
  try {
    JSON.parse(text);
    return otherwise.message;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Looks at each character once, whatever the text, since anybody may send anything of many megabytes. */
function quoteInexactNumbers(text: string): string {
  let result = '';
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    if (character === '"') {
      at = endOfString(text, at);
    } else if (character === '-' || (character >= '0' && character <= '9')) {
      NUMBER.lastIndex = at;
      const literal = NUMBER.exec(text)![0];
      if (isInexact(literal) && !isName(text, at + literal.length)) {
        result += `${text.slice(copied, at)}"${literal}"`;
        copied = at + literal.length;
      }
      at += literal.length;
    } else {
      at += 1;
    }
  }
  return result + text.slice(copied);
}

/** Where the string that begins here has ended; the end of the text when it never does. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '\\') at += 1;
    else if (character === '"') return at + 1;
  }
  return text.length;
}

/** What is no number stays what it is, and so stays an error. */
function isInexact(literal: string): boolean {
  if (!JSON_NUMBER.test(literal)) return false;
  if (/[eE]/.test(literal)) return true;
  const digits = literal.replace(/[-.]/g, '').replace(/^0+/, '');
  return digits.length > 15 && String(Number(literal)) !== literal;
}

/** A number in the place of a name is an error, and must not become a string there. */
function isName(text: string, end: number): boolean {
  NAME_ENDS.lastIndex = end;
  return NAME_ENDS.test(text);
}
