import { INK, type Pen, SOFT } from './pen';

export const MARGIN = 50;
const FOOT = 34;

/** The columns of the table of lines, as right edges; the description takes what is left. */
export interface Columns {
  readonly left: number;
  readonly right: number;
  readonly quantity: number;
  readonly unitPrice: number;
  /** Width of the descriptions. */
  readonly text: number;
}

/** What stands on each page, whatever is on it. */
export interface Heading {
  readonly seller: string;
  /** Such as `Invoice INV-000042`. */
  readonly name: string;
  /** The same at the foot of a page, where a draft is told from others by its id. */
  readonly footName: string;
  /** A word across each page, such as `DRAFT`; null for none. */
  readonly mark: string | null;
  readonly currency: string;
}

const HEAD = { size: 7.5, weight: 600, color: SOFT } as const;
const NUMBERS = { ...HEAD, align: 'right' } as const;

/** Where on the page the next thing goes, and what each new page begins with. */
export class Sheet {
  y = MARGIN;
  /** Whether a new page goes on with the table. */
  private inTable: 'numbers' | 'words' | null = null;
  private section: string | null = null;

  constructor(
    readonly pen: Pen,
    private readonly heading: Heading,
  ) {}

  get left(): number {
    return MARGIN;
  }

  get width(): number {
    return this.pen.pdf.page.width - 2 * MARGIN;
  }

  get right(): number {
    return MARGIN + this.width;
  }

  get columns(): Columns {
    const { left, right } = this;
    return { left, right, unitPrice: right - 92, quantity: right - 188, text: right - 188 - 92 - left };
  }

  /** Goes on behind what is there, or at the top of a new page when `height` doesn't fit any more. @returns whether the page is new */
  room(height: number): boolean {
    const bottom = this.pen.pdf.page.height - MARGIN - FOOT;
    if (this.y + height <= bottom) return false;
    this.turn();
    return true;
  }

  /** @param columns `words`: a description and an amount, nothing between */
  beginTable(columns: 'numbers' | 'words' = 'numbers'): void {
    this.inTable = columns;
    this.tableHead();
  }

  endTable(): void {
    this.inTable = null;
    this.section = null;
  }

  /** What the lines from here on belong to; a new page says it again. */
  beginSection(name: string | null): void {
    this.section = name;
  }

  /** What is the same on all pages, once it is known how many there are. */
  finish(): void {
    const { pdf } = this.pen;
    const { start, count } = pdf.bufferedPageRange();
    const { seller, footName, mark } = this.heading;
    const named = `  ·  ${footName}`;
    // Of a name that is too long the end is left out, and not the number.
    const [who = ''] = this.pen.wrap(seller, this.width - 80 - this.pen.widthOf(named, FOOTER), FOOTER);
    for (let page = start; page < start + count; page += 1) {
      pdf.switchToPage(page);
      const y = pdf.page.height - MARGIN - 8;
      this.pen.rule(this.left, y - 8, this.width);
      this.pen.line(`${who}${named}`, this.left, y, FOOTER);
      this.pen.line(`Page ${page - start + 1} of ${count}`, this.right, y, { ...FOOTER, align: 'right' });
      if (mark !== null) this.watermark(mark);
    }
  }

  private turn(): void {
    this.pen.pdf.addPage();
    this.y = MARGIN;
    const { seller, name } = this.heading;
    const [shown = ''] = this.pen.wrap(seller, this.width - 30 - this.pen.widthOf(name, TOP), SELLER);
    this.pen.line(shown, this.left, this.y, SELLER);
    this.pen.line(name, this.right, this.y, { ...TOP, align: 'right' });
    this.y += 26;
    if (this.inTable === null) return;
    this.tableHead();
    if (this.section === null) return;
    this.pen.line(`${this.section}, continued`, this.left, this.y, CONTINUED);
    this.y += 16;
  }

  private tableHead(): void {
    const { left, right, quantity, unitPrice } = this.columns;
    this.pen.line('DESCRIPTION', left, this.y, HEAD);
    if (this.inTable === 'numbers') {
      this.pen.line('QUANTITY', quantity, this.y, NUMBERS);
      this.pen.line('UNIT PRICE', unitPrice, this.y, NUMBERS);
    }
    this.pen.line(`AMOUNT (${this.heading.currency})`, right, this.y, NUMBERS);
    this.y += 14;
    this.pen.rule(left, this.y, this.width, INK, 1);
    this.y += 9;
  }

  private watermark(word: string): void {
    const { pdf } = this.pen;
    const { width, height } = pdf.page;
    pdf.save();
    pdf.rotate(-52, { origin: [width / 2, height / 2] }).fillOpacity(0.09);
    this.pen.line(word, width / 2 - this.pen.widthOf(word, MARK) / 2, height / 2 - 90, MARK);
    pdf.restore();
  }
}

const MARK = { size: 150, weight: 600, color: INK } as const;
const FOOTER = { size: 7.5, color: SOFT } as const;
const SELLER = { size: 9, weight: 600 } as const;
const TOP = { size: 9, color: SOFT } as const;
const CONTINUED = { size: 8, weight: 600, color: SOFT } as const;
