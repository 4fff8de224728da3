import type { Micros } from '../../kernel';
import type { FindingKind } from './rules';

/**
 * One time at which a call was made: when it ended; how long it took in milliseconds, null when unknown; its turn.
 * Identical calls at the same moment are one.
 */
export type Moment = readonly [at: Micros, durationMs: number | null, turn: string | null];

/** A call that a session has made, and may make again. */
export interface KnownCall {
  /** Hash of the call; of a tool that may be polled, of what was asked. */
  readonly hash: string;
  /** Name of the tool or model; null when none is named. */
  readonly name: string | null;
  /** Moments in all, also those that are no longer listed. */
  readonly count: number;
  readonly firstAt: Micros;
  readonly lastAt: Micros;
  /** What the calls after the first moment cost, as plain decimal text. */
  readonly again: string;
  /** How many of those have a cost that is not known. */
  readonly unpriced: number;
  /** The latest moments, oldest first. */
  readonly moments: readonly Moment[];
}

/** What has happened since something new appeared. */
export interface Idle {
  /** Calls known to have brought nothing new, and calls of which nobody can say. */
  readonly old: number;
  readonly unknown: number;
  readonly cost: string;
  readonly unpriced: number;
}

/**
 * What is kept of a session to see whether its agent runs in circles: plain JSON, and never more than `MOST` of each.
 * What is left out first is what is oldest, so that a circle that is being run in stays known.
 */
export interface LoopState {
  readonly version: 1;
  readonly firstAt: Micros | null;
  readonly lastAt: Micros | null;
  /** In the order in which they were last made. */
  readonly calls: readonly KnownCall[];
  /** Beginnings of hashes (8 digits each) of what has been seen, oldest first, in one text. */
  readonly seen: string;
  /** Calls one after the other, as ping-pong is seen in them; parallel ones once. */
  readonly order: readonly (readonly [at: Micros, hash: string])[];
  /** When requests to models ended: what lies on either side of one is not parallel. */
  readonly modelsAt: readonly Micros[];
  /** When something new last appeared. */
  readonly progressAt: Micros | null;
  readonly idle: Idle;
  /** Minutes since 1970, ascending, and what was spent in them. */
  readonly minutes: readonly (readonly [minute: number, cost: string])[];
  /** Nodes of work, each with the node above. */
  readonly nodes: readonly (readonly [node: string, parent: string])[];
  /** The deepest level so far, and the deepest that somebody has acknowledged. */
  readonly depth: number;
  readonly depthSeen: number;
  /** How large a finding of a kind was when it was raised: in calls, money or levels, as plain decimal text. */
  readonly raised: Readonly<Partial<Record<FindingKind, string>>>;
}

/** Most that is kept of each. */
export const MOST = { calls: 32, moments: 16, seen: 256, order: 32, models: 8, minutes: 60, nodes: 64 } as const;
/** Digits of a hash in `seen`. */
export const SEEN_DIGITS = 8;
/** A state as JSON is never longer, in bytes: names of tools are ASCII or escaped, and cut at `LONGEST_NAME`. */
export const LARGEST_STATE = 48_000;
export const LONGEST_NAME = 80;

export const NOTHING_IDLE: Idle = { old: 0, unknown: 0, cost: '0', unpriced: 0 };

export const NO_STATE: LoopState = {
  version: 1,
  firstAt: null,
  lastAt: null,
  calls: [],
  seen: '',
  order: [],
  modelsAt: [],
  progressAt: null,
  idle: NOTHING_IDLE,
  minutes: [],
  nodes: [],
  depth: 0,
  depthSeen: 0,
  raised: {},
};

export function hasSeen({ seen }: LoopState, hash: string): boolean {
  const digits = hash.slice(0, SEEN_DIGITS);
  for (let at = seen.indexOf(digits); at >= 0; at = seen.indexOf(digits, at + 1)) {
    if (at % SEEN_DIGITS === 0) return true;
  }
  return false;
}

export function withSeen(state: LoopState, ...hashes: readonly string[]): string {
  let { seen } = state;
  for (const hash of hashes) {
    if (!hasSeen({ ...state, seen }, hash)) seen += hash.slice(0, SEEN_DIGITS);
  }
  return seen.slice(-MOST.seen * SEEN_DIGITS);
}

/** A list with one more in its place, smallest first, without the smallest where there are more than `most`. */
export function insertSorted<Item>(
  items: readonly Item[],
  item: Item,
  most: number,
  key: (item: Item) => number,
): readonly Item[] {
  let place = items.length;
  while (place > 0 && key(items[place - 1]!) > key(item)) place -= 1;
  return [...items.slice(0, place), item, ...items.slice(place)].slice(-most);
}
