import { z } from 'zod';
import { StartupError } from '../startup-error';
import { parseDuration, parseSize } from './durations';

const duration = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms !== null) return ms;
      context.addIssue({ code: 'custom', message: 'must be a number with a unit: ms, s, m, h or d, such as 35d' });
      return z.NEVER;
    });

const size = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const bytes = parseSize(text);
      if (bytes !== null && bytes > 0) return bytes;
      context.addIssue({ code: 'custom', message: 'must be a number with a unit: b, kb, mb or gb, such as 16mb' });
      return z.NEVER;
    });

const wholeNumber = (fallback: number, least: number, most: number) =>
  z
    .string()
    .default(String(fallback))
    .transform((text, context) => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= least && value <= most) return value;
      context.addIssue({ code: 'custom', message: `must be a whole number from ${least} to ${most}` });
      return z.NEVER;
    });

const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'must be a connection string that starts with postgres:// or postgresql://')
  .optional();

/**
 * Every setting of Weir, read from the environment. The docs' table (docs/settings.md) is made from this schema,
 * and a variable that starts with WEIR_ and is not in it stops the start: a misspelt setting must not be ignored.
 */
export const SettingsSchema = z.object({
  WEIR_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. 0.0.0.0 listens on every interface.'),
  WEIR_PORT: wholeNumber(8787, 0, 65_535).describe('Port to listen on. 0 takes a free one.'),
  WEIR_DATA_DIR: z
    .string()
    .min(1)
    .default('.weir')
    .describe('Folder of the embedded PostgreSQL. Not used when DATABASE_URL is set.'),
  DATABASE_URL: postgresUrl.describe(
    'An outside PostgreSQL, 15 or newer. Its user must own the database and may create roles. Without it, an embedded PostgreSQL is started.',
  ),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be a connection string that starts with redis:// or rediss://')
    .optional()
    .describe(
      'A Redis that gives out periodic jobs to any number of processes. Without it, each process looks for work by itself.',
    ),
  WEIR_ORGANISATION: z
    .string()
    .min(1)
    .max(200)
    .default('My organisation')
    .describe('Name of the organisation that the first start makes.'),
  WEIR_OPERATOR_KEY: z
    .string()
    .min(24, 'must have at least 24 characters; make one with: openssl rand -hex 32')
    .optional()
    .describe('Bearer key that may create further organisations (POST /v1/organisations). Without it nobody can.'),
  WEIR_EVENT_MAX_AGE: duration('35d').describe('Events whose time is longer ago than this are refused.'),
  WEIR_EVENT_MAX_FUTURE: duration('5m').describe('Events whose time is further ahead than this are refused.'),
  WEIR_IDEMPOTENCY_KEPT: duration('30d').describe(
    'How long the answer to a POST with an Idempotency-Key is kept and given again to a repeat.',
  ),
  WEIR_BODY_LIMIT: size('16mb').describe('Largest request body.'),
  WEIR_CLOSE_INTERVAL: duration('30s').describe('How often billing periods that have ended are looked for.'),
  WEIR_DRAFT_GRACE: duration('1d').describe(
    'How long the invoice of a closed period stays a draft, for events that come late, before it is finalized by itself.',
  ),
  WEIR_BILLING_BATCHES: wholeNumber(2, 1, 20).describe(
    'How many batches of a hundred subscriptions a billing run works on at once, each on a connection of its own.',
  ),
  WEIR_ADJUSTMENT_PERIODS: wholeNumber(12, 0, 120).describe(
    'How many billing periods back an invoice adjusts what came late or was corrected after finalizing. What is older is listed by GET /v1/customers/{customer}/late-usage.',
  ),
  WEIR_DATABASE_POOL: wholeNumber(10, 2, 200).describe(
    'Connections for ordinary requests, per process. One organisation holds at most half of them at a time.',
  ),
  WEIR_AWAY_JOURNAL: z
    .string()
    .min(1)
    .default('.weir/away')
    .describe(
      'Folder of the journal of holds that were let pass while the database was away, for organisations that have opened for that. It must outlive the process; it is made when it is needed.',
    ),
  WEIR_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least severe log line that is written.'),
  WEIR_READY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'For programs that start Weir: a file to which one line of JSON with the address (and, on the first start, the API key) is written once it is ready.',
    ),
});

export type Settings = z.infer<typeof SettingsSchema>;

/** Injection token of the settings. */
export const SETTINGS = Symbol('settings');

/** How many single-letter edits turn one name into the other, for "did you mean". */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    previous = current;
  }
  return previous[b.length]!;
}

/**
 * Reads the settings from an environment. An empty variable counts as unset.
 *
 * @throws StartupError naming every unknown or malformed setting in one line
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const known = Object.keys(SettingsSchema.shape);
  const given = Object.entries(environment).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '');

  const unknown = given.map(([name]) => name).filter((name) => name.startsWith('WEIR_') && !known.includes(name));
  if (unknown.length > 0) {
    const hints = unknown.map((name) => {
      const nearest = known.toSorted((a, b) => editDistance(name, a) - editDistance(name, b))[0]!;
      return editDistance(name, nearest) <= 4 ? `${name} (did you mean ${nearest}?)` : name;
    });
    throw new StartupError(`Unknown setting ${hints.join(', ')}. docs/settings.md lists the settings.`);
  }

  const result = SettingsSchema.safeParse(Object.fromEntries(given.filter(([name]) => known.includes(name))));
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    throw new StartupError(`Malformed setting: ${problems.join('; ')}.`);
  }
  return result.data;
}
