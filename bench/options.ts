import { parseArgs } from 'node:util';
import { BenchError } from './bench-error';
import type { IdKind } from './events';

export const HELP = `Measures how fast Weir takes in events, against the limits of the machine it runs on.

  npm run bench:ingest [-- flags]

  --rounds N            rounds of each side, interleaved (5), after one that is not counted
  --events N            events in a round of batches (150000); a round of single events has a fifth of it
  --only WHAT           batch or single
  --ids KIND            ordered (UUID version 7, the default) or random (version 4)
  --group-by FIELDS     group both meters by these attribution fields, such as agent,feature (not grouped without it)
  --copy-connections N  connections that the COPY baseline uses (1)
  --json FILE           write every figure as JSON
  --profile FOLDER      profile the server's CPU: one .cpuprofile for each part, and its most expensive functions
  --help                show this
`;

export type Part = 'batch' | 'single';

export interface BenchOptions {
  readonly rounds: number;
  /** Events in a round of batches; single events are a fifth of it. */
  readonly events: number;
  readonly parts: readonly Part[];
  readonly ids: IdKind;
  readonly groupBy: readonly string[];
  readonly copyConnections: number;
  readonly json: string | null;
  readonly profile: string | null;
}

/**
 * Reads the command line.
 *
 * @returns the options, or `help` when that is all that was asked for
 * @throws  BenchError that names the flag and says what it takes
 */
export function readOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parse(args);
  if (values.help === true) return 'help';
  return {
    rounds: wholeNumber('--rounds', values.rounds ?? '5', 1, 1_000),
    events: wholeNumber('--events', values.events ?? '150000', 5_000, 10_000_000),
    parts: values.only === undefined ? ['batch', 'single'] : [oneOf('--only', values.only, ['batch', 'single'])],
    ids: oneOf('--ids', values.ids ?? 'ordered', ['ordered', 'random']),
    groupBy: values['group-by'] === undefined ? [] : values['group-by'].split(','),
    copyConnections: wholeNumber('--copy-connections', values['copy-connections'] ?? '1', 1, 64),
    json: values.json ?? null,
    profile: values.profile ?? null,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string' },
        events: { type: 'string' },
        only: { type: 'string' },
        ids: { type: 'string' },
        'group-by': { type: 'string' },
        'copy-connections': { type: 'string' },
        json: { type: 'string' },
        profile: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
      strict: true,
      allowPositionals: false,
    });
  } catch (error) {
    throw new BenchError(`${(error as Error).message} (--help lists the flags).`);
  }
}

/** @throws BenchError */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new BenchError(`${flag} takes a whole number from ${least} to ${most}, not '${text.slice(0, 40)}'.`);
}

/** @throws BenchError */
export function oneOf<const T extends string>(flag: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw new BenchError(`${flag} takes ${choices.join(' or ')}, not '${text.slice(0, 40)}'.`);
}
