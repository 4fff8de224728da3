import { StoppedError } from './program-error';

/** npm and the terminal may each hand on the same Ctrl-C; a signal later than this is a new one. */
const SAME_SIGNAL_WITHIN_MS = 1_000;

/**
 * The first signal stops the work, after which everything is put away; a later one ends the process there and then.
 *
 * @returns a function that answers the exit code of the signal, or null before one came
 */
export function listenForSignals(stop: AbortController): () => number | null {
  let code: number | null = null;
  let firstAt = 0;
  for (const [name, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.on(name, () => {
      if (code === null) {
        code = 128 + number;
        firstAt = performance.now();
        stop.abort(new StoppedError());
      } else if (performance.now() - firstAt > SAME_SIGNAL_WITHIN_MS) {
        process.exit(code);
      }
    });
  }
  return () => code;
}
