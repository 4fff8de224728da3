/**
 * A second way to bill, written to be obviously right rather than fast or friendly, from what the issue and the pages
 * promise, and not from the code: days are counted one by one, clocks on walls are asked, numbers are fractions of two
 * BigInts, and whatever falls due is worked out by looking at everything again. It shares nothing with `src/`.
 */
export * from './customer';
export * from './definitions';
export { periodAt, termsAt } from './time';
