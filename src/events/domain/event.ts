import type { Micros } from '../../kernel';

/** Cost that the sender states instead of leaving it to the price book. `amount` is plain decimal text. */
export interface ReportedCost {
  readonly amount: string;
  readonly currency: string;
}

/** Who and what an event was for, beside its customer. */
export interface Attribution {
  readonly session: string | null;
  readonly task: string | null;
  readonly agent: string | null;
  readonly feature: string | null;
  readonly department: string | null;
  readonly user: string | null;
  /** The node of work above the event's own: a name of the same kind, or `task:NAME` or `session:NAME`. */
  readonly parent: string | null;
}

/** Why work was done again: the same once more after a failure, or the agent mending its own result. */
export const STEPS = ['retry', 'self_correction'] as const;
export type Step = (typeof STEPS)[number];

/** A usage fact from a product, as it was sent and found well formed. Immutable. */
export interface UsageEvent extends Attribution {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** The customer as the sender names it: our id or their own key. */
  readonly customer: string;
  /** When the usage happened; null when the sender left that to us. */
  readonly time: Micros | null;
  /** The hold that it settles, as the sender names it: our id or their key. It may name one that isn't there. */
  readonly hold: string | null;
  /** Null for work done the first time. */
  readonly step: Step | null;
  readonly cost: ReportedCost | null;
  readonly data: Readonly<Record<string, unknown>> | null;
  /** `data` as compact JSON, as it is stored. */
  readonly dataText: string | null;
}

/** Where events come from whose sender names no source. */
export const DEFAULT_SOURCE = 'api';

/** Why an event is refused: a stable code, the field it is about, and what is wrong. */
export interface EventProblem {
  readonly code: string;
  readonly field: string;
  readonly detail: string;
}

/** Most events in one request. */
export const MOST_EVENTS = 10_000;

/** Longest texts, in Unicode characters (code points), as JSON Schema and so the reference counts them. */
export const LONGEST = { id: 255, source: 255, type: 200, customer: 255, attribution: 255 } as const;
/** Largest `data`, as compact JSON in UTF-16 units, and how deep it may nest. */
export const LARGEST_DATA = 65_536;
export const DEEPEST_DATA = 32;
