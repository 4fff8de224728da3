/** A program can't go on. The message is one line that says what is wrong and what to do; its `main` prints just that. */
export class ProgramError extends Error {
  constructor(
    message: string,
    /** What the process exits with: 1 when the run failed, 2 when the command line or a file it names is wrong. */
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message.replaceAll(/\s*[\r\n]+\s*/g, ' '));
    this.name = 'ProgramError';
  }
}

/** The program was asked to stop (Ctrl-C, SIGTERM) while it was waiting for something. */
export class StoppedError extends Error {
  constructor() {
    super('Stopped.');
    this.name = 'StoppedError';
  }
}

/** The exit code for what went wrong, after one line about it; only a fault of our own shows where it happened. */
export function tell(program: string, error: unknown): number {
  if (error instanceof ProgramError) {
    process.stderr.write(`${program}: ${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof StoppedError) return 1;
  process.stderr.write(`${program}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}
