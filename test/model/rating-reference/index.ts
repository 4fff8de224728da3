/**
 * A second way to rate, written to be obviously right rather than fast or friendly, from what the issue and the pages of
 * `docs/pricing` promise, and not from the code: numbers are fractions of two BigInts, usage is a list of single events
 * that nobody has added up, percentages walk transaction by transaction, time windows ask a clock on the wall for every
 * event, outcomes are found by looking through all events again and again. It shares nothing with `src/` but the shapes
 * of definitions.
 */
export * from './definitions';
export { Unpriced } from './parts';
export * from './plans';
export * as rational from './rational';
