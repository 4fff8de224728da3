import { parseArgs } from 'node:util';
import { refusal, unreadableFlags, webAddress, wholeNumber } from '../client';
import { DEFAULT_ROWS, DEFAULT_SEED, MAX_ROWS } from './workload';

export const HELP = `Weir's demo: AI requests in, invoices that explain themselves out.

  npm run demo [-- flags]

Starts a Weir server of its own on a free port, makes three customers who pay in three ways
(cost plus 30 %, per successful task, base fee and actions), posts the requests as events, closes
the month and prints cost, revenue, margin and the three invoices.

  --trace FILE         post a real request trace: a CSV, plain or gzipped, with the columns
                       TIMESTAMP,ContextTokens,GeneratedTokens (without it: made-up requests)
  --rows N             only the first N requests (made-up requests: ${DEFAULT_ROWS} without this flag)
  --seed S             another made-up workload, S from 0 to 4294967295 (${DEFAULT_SEED} without this flag)
  --save-trace FILE    write the requests posted as such a CSV, to recompute the result elsewhere
  --json FILE          write the result as JSON
  --keep               leave the server up after the result, with its data in .weir-demo/
  --resume             go on with .weir-demo/ of an earlier --keep; what it has counts as duplicates
  --url URL --key KEY  use a server that runs already (its WEIR_EVENT_MAX_AGE must let the
                       requests' times in; the key needs the scopes ingest, read and manage)
  --help               show this
`;

/** What the command line asks for. Paths are as written; `main` resolves them. */
export interface DemoOptions {
  readonly trace: string | null;
  /** How many requests at most; null: the whole trace, or the generator's default. */
  readonly rows: number | null;
  readonly seed: number;
  readonly saveTrace: string | null;
  readonly json: string | null;
  readonly keep: boolean;
  readonly resume: boolean;
  /** A server that runs already; null: start one. */
  readonly server: { readonly url: string; readonly apiKey: string } | null;
}

/**
 * Reads the command line.
 *
 * @param args what follows the program's name
 * @returns    the options, or `help` when that is all that was asked for
 * @throws     ProgramError (exit code 2) that names the flag and says what it takes
 */
export function readOptions(args: readonly string[]): DemoOptions | 'help' {
  const { values } = parse(args);
  if (values.help === true) return 'help';

  if (values.trace !== undefined && values.seed !== undefined) {
    throw refusal('--seed picks made-up requests, so it does not go with --trace. Leave one of them out');
  }
  if ((values.url === undefined) !== (values.key === undefined)) {
    throw refusal('--url and --key go together: give both, or neither to start a server');
  }
  const keep = values.keep ?? false;
  const resume = values.resume ?? false;
  if (values.url !== undefined && (keep || resume)) {
    throw refusal('--keep and --resume are about a server the demo starts, so they do not go with --url');
  }

  return {
    trace: given('--trace', values.trace),
    rows: values.rows === undefined ? null : wholeNumber('--rows', values.rows, 1, MAX_ROWS),
    seed: values.seed === undefined ? DEFAULT_SEED : wholeNumber('--seed', values.seed, 0, 0xffff_ffff),
    saveTrace: given('--save-trace', values['save-trace']),
    json: given('--json', values.json),
    keep,
    resume,
    server:
      values.url === undefined || values.key === undefined ? null : { url: webAddress(values.url), apiKey: values.key },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        trace: { type: 'string' },
        rows: { type: 'string' },
        seed: { type: 'string' },
        'save-trace': { type: 'string' },
        json: { type: 'string' },
        keep: { type: 'boolean' },
        resume: { type: 'boolean' },
        url: { type: 'string' },
        key: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
      strict: true,
      allowPositionals: false,
    });
  } catch (error) {
    throw unreadableFlags(error);
  }
}

function given(flag: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  if (value === '') throw refusal(`${flag} needs a file name`);
  return value;
}
