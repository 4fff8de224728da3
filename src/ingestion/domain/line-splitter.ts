/** A line of a text that came in pieces. */
export interface Line {
  /** Counted from 1, blank lines too, as editors count. */
  readonly number: number;
  /** Without its end; null when it is longer than a line may be. */
  readonly bytes: Buffer | null;
}

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');
/** Space, tab, and the carriage return of a line that ends as in DOS. */
const BLANKS = new Set([0x20, 0x09, 0x0d]);

/**
 * Splits bytes into lines as they arrive. Holds no more than the beginning of one line, however long the text is, and
 * copies only what stands across two pieces.
 */
export class LineSplitter {
  private begun: Buffer[] = [];
  private begunLength = 0;
  private tooLong = false;
  private number = 1;

  /** @param longest most bytes of a line */
  constructor(private readonly longest: number) {}

  /** Bytes of the line that has begun and not ended. */
  get held(): number {
    return this.begunLength;
  }

  /** @returns the lines that end in this piece, without the blank ones */
  push(piece: Buffer): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (;;) {
      const end = piece.indexOf(LINE_FEED, start);
      if (end === -1) break;
      this.keep(piece.subarray(start, end));
      this.finish(lines);
      start = end + 1;
    }
    this.keep(piece.subarray(start));
    return lines;
  }

  /** @returns the last line, when the text ends without a line feed and it isn't blank */
  end(): Line[] {
    const lines: Line[] = [];
    this.finish(lines);
    return lines;
  }

  private keep(bytes: Buffer): void {
    if (bytes.length === 0 || this.tooLong) return;
    this.begunLength += bytes.length;
    if (this.begunLength > this.longest) {
      this.tooLong = true;
      this.begun = [];
      this.begunLength = 0;
    } else {
      this.begun.push(bytes);
    }
  }

  private finish(lines: Line[]): void {
    const number = this.number;
    this.number += 1;
    if (this.tooLong) {
      lines.push({ number, bytes: null });
    } else if (this.begun.length > 0) {
      let bytes = this.begun.length === 1 ? this.begun[0]! : Buffer.concat(this.begun, this.begunLength);
      if (number === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) bytes = bytes.subarray(3);
      if (!isBlank(bytes)) lines.push({ number, bytes });
    }
    this.begun = [];
    this.begunLength = 0;
    this.tooLong = false;
  }
}

/** Looks no further than the first character that isn't blank. */
function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (!BLANKS.has(byte)) return false;
  return true;
}
