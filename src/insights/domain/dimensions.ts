/** What a cost is attributed to. All but `customer` and `type` may be missing from an event: its cost is unallocated then. */
export const DIMENSIONS = [
  'customer',
  'feature',
  'department',
  'agent',
  'session',
  'task',
  'user',
  'provider',
  'model',
  'type',
  'source',
  'step',
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Most dimensions that one report may be grouped by. */
export const MOST_GROUPS = 4;
