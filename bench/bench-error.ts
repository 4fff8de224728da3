/** The benchmark can not go on, or its result is worth nothing, and the message says why. */
export class BenchError extends Error {}
