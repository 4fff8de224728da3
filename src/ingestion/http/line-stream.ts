import { MalformedJsonError, parseJsonBytes } from '../../kernel';
import {
  addResults,
  type Line,
  type LineResult,
  LineSplitter,
  type Receipt,
  type ReceiptCounts,
  type Results,
  resultLines,
  type StreamEnd,
} from '../domain';
import type { AnswerStream } from './answer-stream';

/** Longest line: the largest event there is, with all of it written in escapes, and then some. */
const LONGEST_LINE_BYTES = 1_048_576;
/** What one commit takes, and how much may wait for the next while reading goes on. */
const LINES_AT_ONCE = 2_000;
const BYTES_AT_ONCE = 8_388_608;
const NONE: ReceiptCounts = { accepted: 0, duplicates: 0, rejected: 0 };

/** The lines of one request on their way: waiting, being committed, answered. */
export class LineStream {
  private readonly splitter = new LineSplitter(LONGEST_LINE_BYTES);
  private waiting: Line[] = [];
  private waitingBytes = 0;
  private working: Promise<void> | null = null;
  private roomMade: (() => void) | null = null;
  private counts = NONE;
  /** The first line of which it isn't known what became of it. */
  private unknownFrom = 1;
  /** Why committing came to an end before the lines did. */
  failure: { readonly error: unknown } | null = null;

  /** @param ending is aborted when committing fails, so that nothing more is read */
  constructor(
    private readonly ingest: (values: readonly unknown[]) => Promise<Receipt[]>,
    private readonly which: Results,
    private readonly answer: AnswerStream,
    private readonly ending: AbortController,
  ) {}

  /** Takes what was read. Resolves when there is room for more. @throws what committing failed with */
  async take(chunk: Buffer): Promise<void> {
    this.add(this.splitter.push(chunk));
    while (this.failure === null && this.isFull) await new Promise<void>((resolve) => (this.roomMade = resolve));
    this.throwFailure();
  }

  /** The stream has ended: takes the last line, which may have no line feed, and answers all that is left. */
  async finish(): Promise<void> {
    this.add(this.splitter.end());
    await this.settle();
  }

  /** Resolves when every whole line that was read is answered. @throws what committing failed with */
  async settle(): Promise<void> {
    await this.working;
    this.throwFailure();
  }

  endedBy(reason: { code: string; detail: string } | null): StreamEnd {
    return { ...this.counts, broken: reason === null ? null : { resumeFromLine: this.unknownFrom, ...reason } };
  }

  private get isFull(): boolean {
    return this.waiting.length >= LINES_AT_ONCE || this.waitingBytes >= BYTES_AT_ONCE;
  }

  private add(lines: readonly Line[]): void {
    for (const line of lines) {
      this.waiting.push(line);
      this.waitingBytes += line.bytes?.length ?? 0;
    }
    if (this.waiting.length > 0 && this.failure === null) this.working ??= this.work();
  }

  /** Commits what waits, one commit after the other: of two lines with one identity the first is always the first. */
  private async work(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        const lines = this.nextLines();
        this.roomMade?.();
        this.unknownFrom = lines[0]!.number;
        const results = await this.commit(lines);
        this.unknownFrom = lines.at(-1)!.number + 1;
        this.counts = addResults(this.counts, results);
        await this.answer.write(resultLines(results, this.which));
      }
    } catch (error) {
      this.failure = { error };
      this.waiting = [];
      this.ending.abort(); // the reader may be waiting for a sender that waits for us
    }
    this.working = null;
    this.roomMade?.();
  }

  private nextLines(): Line[] {
    const lines = this.waiting.splice(0, LINES_AT_ONCE);
    for (const { bytes } of lines) this.waitingBytes -= bytes?.length ?? 0;
    return lines;
  }

  private async commit(lines: readonly Line[]): Promise<LineResult[]> {
    const values: unknown[] = [];
    const unreadable = new Map<Line, Receipt>();
    for (const line of lines) {
      const refusal = readLine(line, values);
      if (refusal !== null) unreadable.set(line, refusal);
    }
    const receipts = await this.ingest(values);
    let next = 0;
    return lines.map((line) => ({ line: line.number, receipt: unreadable.get(line) ?? receipts[next++]! }));
  }

  private throwFailure(): void {
    if (this.failure !== null) throw this.failure.error;
  }
}

/** Adds a line's event to the others, or says why there is none. */
function readLine({ bytes }: Line, values: unknown[]): Receipt | null {
  if (bytes === null) return refused('invalid_event', `is longer than ${LONGEST_LINE_BYTES} bytes`);
  try {
    values.push(parseJsonBytes(bytes));
    return null;
  } catch (error) {
    if (!(error instanceof MalformedJsonError)) throw error;
    return refused(error.code, error.message.replace(/^The body is/, 'is').replace(/\.$/, ''));
  }
}

function refused(code: string, detail: string): Receipt {
  return { status: 'rejected', id: null, problem: { code, field: 'line', detail } };
}
