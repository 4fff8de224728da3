import type { InvoiceDocument } from '../domain';
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

const HEAD = { size: 7.5, weight: 600, color: SOFT } as const;
const NUMBERS = { ...HEAD, align: 'right' } as const;

/** Where on the page the next thing goes, and what each new page begins with. */
export class Sheet {
  y = MARGIN;
  /** Whether a new page goes on with the table. */
  private inTable = false;

  constructor(
    readonly pen: Pen,
    private readonly invoice: InvoiceDocument,
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

  beginTable(): void {
    this.inTable = true;
    this.tableHead();
  }

  endTable(): void {
    this.inTable = false;
  }

  /** What is the same on all pages, once it is known how many there are. */
  finish(): void {
    const { pdf } = this.pen;
    const { start, count } = pdf.bufferedPageRange();
    const { seller, number, id } = this.invoice;
    const said = [seller.name, number === null ? `Draft ${id}` : `Invoice ${number}`].join('  ·  ');
    for (let page = start; page < start + count; page += 1) {
      pdf.switchToPage(page);
      const y = pdf.page.height - MARGIN - 8;
      this.pen.rule(this.left, y - 8, this.width);
      this.pen.line(said, this.left, y, { size: 7.5, color: SOFT });
      this.pen.line(`Page ${page - start + 1} of ${count}`, this.right, y, { size: 7.5, color: SOFT, align: 'right' });
      if (number === null) this.watermark();
    }
  }

  private turn(): void {
    this.pen.pdf.addPage();
    this.y = MARGIN;
    this.pen.line(this.invoice.seller.name, this.left, this.y, { size: 9, weight: 600 });
    const name = this.invoice.number === null ? 'Draft invoice' : `Invoice ${this.invoice.number}`;
    this.pen.line(name, this.right, this.y, { size: 9, color: SOFT, align: 'right' });
    this.y += 26;
    if (this.inTable) this.tableHead();
  }

  private tableHead(): void {
    const { left, right, quantity, unitPrice } = this.columns;
    this.pen.line('DESCRIPTION', left, this.y, HEAD);
    this.pen.line('QUANTITY', quantity, this.y, NUMBERS);
    this.pen.line('UNIT PRICE', unitPrice, this.y, NUMBERS);
    this.pen.line(`AMOUNT (${this.invoice.currency})`, right, this.y, NUMBERS);
    this.y += 14;
    this.pen.rule(left, this.y, this.width, INK, 1);
    this.y += 9;
  }

  private watermark(): void {
    const { pdf } = this.pen;
    const { width, height } = pdf.page;
    pdf.save();
    pdf.rotate(-52, { origin: [width / 2, height / 2] }).fillOpacity(0.09);
    this.pen.line('DRAFT', width / 2 - this.pen.widthOf('DRAFT', MARK) / 2, height / 2 - 90, MARK);
    pdf.restore();
  }
}

const MARK = { size: 150, weight: 600, color: INK } as const;
