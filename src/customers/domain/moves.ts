/** stay: planned moves are taken back. renewal: with the next billing period. now: at the instant itself. */
export const MOVE_MODES = ['stay', 'renewal', 'now'] as const;
export type MoveMode = (typeof MOVE_MODES)[number];
