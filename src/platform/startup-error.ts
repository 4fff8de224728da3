/**
 * Weir can't start, for a reason its operator can act on.
 * The message is one line: what is wrong, and what to do about it. `main` prints just that line, without a
 * stack trace, and exits with a code other than 0.
 */
export class StartupError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(oneLine(message), options);
    this.name = 'StartupError';
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*[\r\n]+\s*/g, ' ').trim();
}
