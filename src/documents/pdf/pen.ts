import type PDFDocument from 'pdfkit';
import { eastAsianOf, type Weight } from './fonts';
import { type Run, SHAPED_LEFTWARDS, visualRuns } from './visual-runs';

export interface TextStyle {
  readonly size: number;
  readonly weight?: Weight;
  readonly color?: string;
  /** Of the text's box; the left edge without it. */
  readonly align?: 'left' | 'right';
}

export const INK = '#1c2333';
export const SOFT = '#667085';
export const FAINT = '#d5dae3';
export const ACCENT = '#2f5bea';

/** Of a font's size: from one line of text to the next. */
export const LEADING = 1.36;

/** Writes text of any script on the page of a PDF. */
export class Pen {
  private readonly widths = new Map<string, number>();

  constructor(
    readonly pdf: InstanceType<typeof PDFDocument>,
    /** Whose Han letters are drawn, where a text doesn't say. */
    private readonly country: string | null,
  ) {}

  /** A line of text with its top at `y`; `x` is the edge it is set against. */
  line(text: string, x: number, y: number, style: TextStyle): void {
    const runs = this.runs(text, style);
    let at = style.align === 'right' ? x - this.widthOf(text, style) : x;
    this.pdf.fillColor(style.color ?? INK);
    for (const run of runs) {
      this.choose(run, style);
      this.pdf.text(run.text, at, y + style.size * 0.85, {
        ...layoutOf(run),
        lineBreak: false,
        baseline: 'alphabetic',
      });
      at += this.widthOfRun(run, style);
    }
  }

  /** Lines within a width, one below the other. @returns the height they take */
  paragraph(text: string, x: number, y: number, width: number, style: TextStyle): number {
    const lines = this.wrap(text, width, style);
    const edge = style.align === 'right' ? x + width : x;
    lines.forEach((line, index) => this.line(line, edge, y + index * style.size * LEADING, style));
    return lines.length * style.size * LEADING;
  }

  /** Breaks a text behind spaces, beside Han letters and kana, and within a word only if it alone is too wide. */
  wrap(text: string, width: number, style: TextStyle): string[] {
    if (this.widthOf(text, style) <= width) return [text];
    const lines: string[] = [];
    let line = '';
    for (const part of text.match(PARTS) ?? []) {
      if (line !== '' && this.widthOf((line + part).trimEnd(), style) > width) {
        lines.push(line.trimEnd());
        line = '';
      }
      line += part;
      while (this.widthOf(line.trimEnd(), style) > width && [...line].length > 1) {
        const fits = this.longestStart(line, width, style);
        lines.push(fits);
        line = line.slice(fits.length);
      }
    }
    return line.trim() === '' ? lines : [...lines, line.trimEnd()];
  }

  widthOf(text: string, style: TextStyle): number {
    const known = `${style.weight ?? 400} ${text}`;
    let width = this.widths.get(known);
    if (width === undefined) {
      width = this.runs(text, style).reduce((all, run) => all + this.widthOfRun(run, { ...style, size: 1 }), 0);
      this.widths.set(known, width);
    }
    return width * style.size;
  }

  rule(x: number, y: number, width: number, color = FAINT, thickness = 0.75): void {
    this.pdf.moveTo(x, y).lineTo(x + width, y).lineWidth(thickness).strokeColor(color).stroke(); // prettier-ignore
  }

  private longestStart(text: string, width: number, style: TextStyle): string {
    let start = '';
    for (const letter of text) {
      if (start !== '' && this.widthOf(start + letter, style) > width) break;
      start += letter;
    }
    return start;
  }

  private runs(text: string, { weight = 400 }: TextStyle): Run[] {
    return visualRuns(text, weight, eastAsianOf(text, this.country));
  }

  private widthOfRun(run: Run, style: TextStyle): number {
    this.choose(run, style);
    return this.pdf.widthOfString(run.text, layoutOf(run));
  }

  private choose({ face }: Run, { size }: TextStyle): void {
    // The types know files only; a font that is read already saves reading it for every document.
    this.pdf.font(face.font as unknown as string, face.name, size);
  }
}

/** With features given, a run is laid out as one, which right-to-left needs; without, word by word from memory. */
function layoutOf({ text }: Run): { features?: [] } {
  return SHAPED_LEFTWARDS.test(text) ? { features: [] } : {};
}

const HAN = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}';
const PARTS = new RegExp(`[${HAN}]|[^\\s${HAN}]+\\s*|\\s+`, 'gu');
