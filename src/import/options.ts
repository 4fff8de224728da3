import { parseArgs } from 'node:util';
import { isTimeZone } from '../kernel';
import { apiKeyOf, refusal, serverOf, unreadableFlags, wholeNumber } from '../client';
import { isTarget, type Mapping, type TimeFormat } from './mapping';

export const HELP = `Sends the rows of a file to Weir as usage events.

  npx weir import FILE [flags]

FILE is CSV (with a header line) or NDJSON (one JSON object a line), plain or gzipped; its first bytes
tell which. Each row becomes one event. Run it again after a break and it goes on where it stopped;
run it twice and nothing counts twice, because a row's event id comes from the file or from the row's
line number.

where to
  --url URL            the server (default: WEIR_URL, else http://127.0.0.1:8787)
  --key KEY            an API key with the scope ingest (default: WEIR_KEY)
  --backfill           let events in that are older than the server takes; the key needs the scope backfill
  --create-customers   make customers that the server doesn't know; the key needs the scope manage

what is what (columns named like an event's field need no flag; all others go into data)
  --map FIELD=COLUMN   take FIELD from COLUMN, such as --map customer=account --map data.input_tokens=tokens_in
  --set FIELD=VALUE    the same VALUE for every row, such as --set type=llm.request
  --only-mapped        leave columns out that no flag names and that aren't fields of an event
  --source NAME        source of the events (default: import:FILE's name)
  --time-format F      rfc3339 | text | seconds | milliseconds (default: rfc3339, or text such as
                       2026-11-21 09:30:00.250, read in --time-zone)
  --time-zone ZONE     zone of times that name none (default: UTC)
  --format F           csv | ndjson, where the first bytes can't tell
  --delimiter C        what stands between the columns of a CSV (default: a comma)

how
  --dry-run            store nothing; report what would be refused, and why
  --rejects FILE       write refused rows to FILE, one JSON object a line
  --restart            begin with the first row, whatever an earlier run has done
  --batch N            events in one request, 1 to 10000 (default: 1000)
  --json               print the report as JSON
  --help               show this
`;

export type FileFormat = 'csv' | 'ndjson';

/** What the command line asks for. Paths are as written; `main` resolves them. */
export interface ImportOptions {
  readonly file: string;
  readonly url: string;
  readonly apiKey: string;
  readonly backfill: boolean;
  readonly createCustomers: boolean;
  readonly mapping: Mapping;
  readonly source: string | null;
  readonly timeFormat: TimeFormat;
  readonly timeZone: string;
  readonly format: FileFormat | null;
  readonly delimiter: string;
  readonly dryRun: boolean;
  readonly rejects: string | null;
  readonly restart: boolean;
  readonly batch: number;
  readonly json: boolean;
}

const TIME_FORMATS: readonly TimeFormat[] = ['rfc3339', 'text', 'seconds', 'milliseconds'];
const FORMATS: readonly FileFormat[] = ['csv', 'ndjson'];
const MOST_IN_A_BATCH = 10_000;

/**
 * Reads the command line.
 *
 * @param args what follows `weir import`
 * @param env  where address and key may stand instead
 * @returns    the options, or `help` when that is all that was asked for
 * @throws     ProgramError (exit code 2) that names the flag and says what it takes
 */
export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ImportOptions | 'help' {
  const { values, positionals } = parse(args);
  if (values.help === true) return 'help';

  const [file, stray] = positionals;
  if (file === undefined || file === '') throw refusal('Name the file to import');
  if (stray !== undefined) throw refusal(`One file at a time: '${stray.slice(0, 80)}' is a second one`);
  const apiKey = apiKeyOf(values.key, env);
  if (values.delimiter !== undefined && [...values.delimiter].length !== 1)
    throw refusal('--delimiter takes one character');

  return {
    file,
    url: serverOf(values.url, env),
    apiKey,
    backfill: values.backfill ?? false,
    createCustomers: values['create-customers'] ?? false,
    mapping: {
      columns: pairs('--map', values.map ?? []),
      constants: pairs('--set', values.set ?? []),
      onlyMapped: values['only-mapped'] ?? false,
    },
    source: values.source ?? null,
    timeFormat: oneOf('--time-format', values['time-format'], TIME_FORMATS) ?? 'auto',
    timeZone: timeZone(values['time-zone'] ?? 'UTC'),
    format: oneOf('--format', values.format, FORMATS),
    delimiter: values.delimiter ?? ',',
    dryRun: values['dry-run'] ?? false,
    rejects: values.rejects ?? null,
    restart: values.restart ?? false,
    batch: values.batch === undefined ? 1_000 : wholeNumber('--batch', values.batch, 1, MOST_IN_A_BATCH),
    json: values.json ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        url: { type: 'string' },
        key: { type: 'string' },
        backfill: { type: 'boolean' },
        'create-customers': { type: 'boolean' },
        map: { type: 'string', multiple: true },
        set: { type: 'string', multiple: true },
        'only-mapped': { type: 'boolean' },
        source: { type: 'string' },
        'time-format': { type: 'string' },
        'time-zone': { type: 'string' },
        format: { type: 'string' },
        delimiter: { type: 'string' },
        'dry-run': { type: 'boolean' },
        rejects: { type: 'string' },
        restart: { type: 'boolean' },
        batch: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
      strict: true,
      allowPositionals: true,
    });
  } catch (error) {
    throw unreadableFlags(error);
  }
}

/** `FIELD=TEXT` pairs, each field once. The text may hold further equals signs. */
function pairs(flag: string, texts: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const text of texts) {
    const [, field = '', value = ''] = /^([^=]+)=(.*)$/su.exec(text) ?? [];
    if (!isTarget(field))
      throw refusal(`${flag} takes FIELD=…, where FIELD is an event's field or data.NAME, not '${text.slice(0, 80)}'`);
    if (found.has(field)) throw refusal(`${flag} names ${field} twice`);
    found.set(field, value);
  }
  return found;
}

function oneOf<T extends string>(flag: string, text: string | undefined, values: readonly T[]): T | null {
  if (text === undefined) return null;
  const found = values.find((value) => value === text);
  if (found === undefined) throw refusal(`${flag} takes one of ${values.join(', ')}, not '${text.slice(0, 40)}'`);
  return found;
}

function timeZone(text: string): string {
  if (isTimeZone(text)) return text;
  throw refusal(`--time-zone takes a name such as Europe/Berlin, not '${text.slice(0, 60)}'`);
}
