/** The demo can't go on. The message is one line that says what is wrong and what to do; `main` prints just that. */
export class DemoError extends Error {
  constructor(
    message: string,
    /** What the process exits with: 1 when the run failed, 2 when the command line or the trace is wrong. */
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message.replaceAll(/\s*[\r\n]+\s*/g, ' '));
    this.name = 'DemoError';
  }
}

/** The demo was asked to stop (Ctrl-C, SIGTERM) while it was waiting for something. */
export class StoppedError extends Error {
  constructor() {
    super('Stopped.');
    this.name = 'StoppedError';
  }
}
