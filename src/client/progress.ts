import { grouped } from './text-table';

/** Where a program tells how far it is: standard error, so that the result alone is on standard output. */
export interface ProgressTarget {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_WIDTH = { most: 30, least: 5 };
/** A terminal that doesn't know its width (0 or nothing) gets what every terminal has. */
const USUAL_COLUMNS = 80;
const REDRAW_EVERY_MS = 100;
/** Without a terminal: a line at most so often, so that a log stays short. */
const LINE_EVERY_MS = 5_000;

/**
 * Tells the steps of a run, one line each, and the upload's progress: in a terminal as a bar that is drawn over, else
 * as a plain line every few seconds.
 */
export class Progress {
  private lastAt: number | null = null;
  private barShown = false;

  constructor(
    private readonly target: ProgressTarget,
    /** Milliseconds on a clock that only goes on. */
    private readonly now: () => number,
  ) {}

  step(name: string, what: string): void {
    this.clearBar();
    this.target.write(`${name.padEnd(9)} ${what}\n`);
  }

  /** @param elapsedMs since the upload began */
  uploading(done: number, total: number, elapsedMs: number): void {
    this.draw('upload', done, total, progressText(done, total, elapsedMs));
  }

  /**
   * Shows how far one long step is, if enough time has passed since the last showing.
   *
   * @param text what stands behind the bar, or alone where there is no terminal
   */
  draw(name: string, done: number, total: number, text: string): void {
    const now = this.now();
    const every = this.target.isTTY === true ? REDRAW_EVERY_MS : LINE_EVERY_MS;
    // The first answer is shown at once in a terminal; in a log it would say nothing yet.
    if (this.lastAt === null && this.target.isTTY !== true) this.lastAt = now;
    if (this.lastAt !== null && now - this.lastAt < every) return;
    this.lastAt = now;

    if (this.target.isTTY !== true) {
      this.target.write(`${name.padEnd(9)} ${text}\n`);
      return;
    }
    const columns =
      this.target.columns === undefined || this.target.columns === 0 ? USUAL_COLUMNS : this.target.columns;
    // A line that wraps could not be drawn over: the bar gives way to the figures, and they to the edge.
    const line = `${name.padEnd(9)} ${bar(done, total, columns - text.length - 14)}${text}`;
    this.target.write(`\r\u001b[2K${line.slice(0, columns - 1)}`);
    this.barShown = true;
  }

  /** Takes an unfinished bar away, so that what follows starts on a clean line. */
  clearBar(): void {
    if (this.barShown) this.target.write('\r\u001b[2K');
    this.barShown = false;
  }
}

/** ` 67 %  13,812 of 20,657 events  41,200 events/s  2 s left` */
export function progressText(done: number, total: number, elapsedMs: number): string {
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  const perSecond = elapsedMs > 0 ? Math.round((done / elapsedMs) * 1000) : 0;
  const left = done > 0 ? timeLeft(((total - done) / done) * elapsedMs) : 'unknown time';
  return `${String(percent).padStart(3)} %  ${grouped(done)} of ${grouped(total)} events  ${grouped(perSecond)} events/s  ${left} left`;
}

function timeLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** `[███░░░] `, or nothing where there is too little room. */
function bar(done: number, total: number, room: number): string {
  if (room < BAR_WIDTH.least) return '';
  const width = Math.min(room, BAR_WIDTH.most);
  const filled = total === 0 ? width : Math.floor((done / total) * width);
  return `[${'█'.repeat(filled)}${'░'.repeat(width - filled)}] `;
}
