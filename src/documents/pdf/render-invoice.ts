import { setImmediate } from 'node:timers/promises';
import PDFDocument from 'pdfkit';
import {
  addressOf,
  type DocumentLine,
  type DocumentRow,
  type InvoiceDocument,
  type Party,
  shownAmount,
  shownDay,
  shownDays,
  shownNumber,
} from '../domain';
import { ACCENT, INK, LEADING, Pen, SOFT } from './pen';
import { MARGIN, Sheet } from './sheet';
import { CHART_HEIGHT, drawUsage } from './usage-chart';

export type Paper = 'a4' | 'letter';

/** Some pages, drawn in some ten milliseconds. */
const LINES_AT_ONCE = 20;

const BODY = { size: 9 } as const;
const NAME = { size: 9.5, weight: 600 } as const;
const SMALL = { size: 7.8, color: SOFT } as const;
const CAPTION = { size: 7.5, weight: 600, color: SOFT } as const;

/**
 * An invoice as a PDF. The same document gives the same bytes: a file carries the time of its invoice, not of now, and
 * only the letters that it shows.
 */
export async function renderInvoice(invoice: InvoiceDocument, paper: Paper): Promise<Buffer> {
  const title = invoice.number === null ? `Draft invoice for ${invoice.customer.name}` : `Invoice ${invoice.number}`;
  const pdf = new PDFDocument({
    size: paper === 'a4' ? 'A4' : 'LETTER',
    // The sheet keeps its own margins; with pdfkit's, a line near the edge would make a page of its own.
    margin: 0,
    bufferPages: true,
    lang: 'en',
    displayTitle: true,
    info: { Title: title, Author: invoice.seller.name, CreationDate: invoice.madeAt, ModDate: invoice.madeAt },
  });
  const chunks: Buffer[] = [];
  const written = new Promise<Buffer>((resolve, reject) => {
    pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
    pdf.on('end', () => resolve(Buffer.concat(chunks)));
    pdf.on('error', reject);
  });

  const sheet = new Sheet(new Pen(pdf, invoice.customer.country), invoice);
  drawHead(sheet, invoice);
  drawParties(sheet, invoice);
  drawSummary(sheet, invoice);
  sheet.beginTable();
  for (const [index, line] of invoice.lines.entries()) {
    // A long invoice must not keep other requests waiting.
    if (index % LINES_AT_ONCE === 0) await setImmediate();
    drawLine(sheet, invoice, line);
  }
  sheet.endTable();
  drawTotal(sheet, invoice);
  sheet.finish();

  pdf.end();
  return written;
}

function drawHead(sheet: Sheet, { seller, number }: InvoiceDocument): void {
  const { pen, left, right, width } = sheet;
  pen.pdf.rect(0, 0, pen.pdf.page.width, 5).fill(ACCENT);
  const height = pen.paragraph(seller.name, left, MARGIN, width * 0.6, { size: 15, weight: 600 });
  pen.line(number === null ? 'Draft invoice' : 'Invoice', right, MARGIN - 3, { size: 20, color: ACCENT, align: 'right' }); // prettier-ignore
  if (number !== null) pen.line(number, right, MARGIN + 23, { ...BODY, color: SOFT, align: 'right' });
  sheet.y = MARGIN + Math.max(height, 38) + 18;
}

function drawParties(sheet: Sheet, { seller, customer }: InvoiceDocument): void {
  const half = sheet.width / 2;
  const heights = [
    drawParty(sheet, 'FROM', seller, sheet.left, half - 20),
    drawParty(sheet, 'BILL TO', customer, sheet.left + half, half),
  ];
  sheet.y += Math.max(...heights) + 20;
}

function drawParty({ pen, y }: Sheet, caption: string, party: Party, x: number, width: number): number {
  pen.line(caption, x, y, CAPTION);
  let at = y + 14;
  at += pen.paragraph(party.name, x, at, width, { size: 10.5, weight: 600 }) + 1;
  const lines = [...addressOf(party), ...(party.taxId === null ? [] : [`Tax ID ${party.taxId}`]), party.email ?? ''];
  for (const line of lines.filter((each) => each !== '')) at += pen.paragraph(line, x, at, width, BODY);
  return at - y;
}

function drawSummary(sheet: Sheet, invoice: InvoiceDocument): void {
  const { pen, left, width, right, y } = sheet;
  const height = 44;
  pen.pdf.roundedRect(left, y, width, height, 4).fill('#f3f6fd');
  const facts = [
    ['ISSUED', invoice.issuedOn === null ? 'not yet' : shownDay(invoice.issuedOn)],
    ['SERVICE PERIOD', shownDays(invoice.days)],
    ['PLAN', invoice.plan.name],
  ] as const;
  let x = left + 14;
  const room = right - 150;
  for (const [caption, fact] of facts) {
    const [shown = '', more] = pen.wrap(fact, Math.max(40, room - x), BODY);
    pen.line(caption, x, y + 10, { ...CAPTION, size: 6.8 });
    const text = more === undefined ? shown : `${shown}…`;
    pen.line(text, x, y + 22, BODY);
    x += Math.max(pen.widthOf(text, BODY), pen.widthOf(caption, CAPTION)) + 24;
  }
  pen.line('TOTAL', right - 14, y + 8, { ...CAPTION, size: 6.8, align: 'right' });
  const total = `${shownAmount(invoice.total, invoice.currency)} ${invoice.currency}`;
  pen.line(total, right - 14, y + 18, { size: 14, weight: 600, align: 'right' });
  sheet.y = y + height + 24;
}

/** A line, the steps that lead to its amount, and its usage by day. It begins on a page where its first step fits, too. */
function drawLine(sheet: Sheet, invoice: InvoiceDocument, line: DocumentLine): void {
  const { pen, columns } = sheet;
  const names = pen.wrap(line.description, columns.text, NAME);
  const about = aboutLine(invoice, line);
  sheet.room(names.length * NAME.size * LEADING + (about === '' ? 0 : 12) + 16);

  const { quantity, right } = columns;
  pen.line(shownAmount(line.amount, invoice.currency), right, sheet.y, { ...NAME, align: 'right' });
  if (line.meter !== null) pen.line(shownNumber(line.quantity), quantity, sheet.y + 0.4, { ...BODY, align: 'right' });
  for (const name of names) {
    pen.line(name, columns.left, sheet.y, NAME);
    sheet.y += NAME.size * LEADING;
  }
  if (about !== '') sheet.y += pen.paragraph(about, columns.left, sheet.y, columns.text, SMALL);
  sheet.y += 2;
  for (const row of worthShowing(line)) drawRow(sheet, line, row);
  if (line.usage !== null) {
    sheet.room(CHART_HEIGHT + 8);
    drawUsage(pen, line.usage, columns.left + 10, sheet.y + 5, columns.text - 20);
    sheet.y += CHART_HEIGHT + 8;
  }
  sheet.y += 5;
  pen.rule(columns.left, sheet.y, sheet.width);
  sheet.y += 8;
}

function drawRow(sheet: Sheet, line: DocumentLine, row: DocumentRow): void {
  const { pen, columns } = sheet;
  const inset = 10;
  const texts = pen.wrap(row.description, columns.text - inset, SMALL);
  if (sheet.room(texts.length * SMALL.size * LEADING)) {
    pen.line(`${line.description}, continued`, columns.left, sheet.y, { ...SMALL, weight: 600 });
    sheet.y += 13;
  }
  const numbers = { ...SMALL, align: 'right' } as const;
  if (saysQuantity(row)) pen.line(shownNumber(row.quantity), columns.quantity, sheet.y, numbers);
  if (row.unitPrice !== null && saysQuantity(row)) {
    pen.line(shownNumber(row.unitPrice), columns.unitPrice, sheet.y, numbers);
  }
  pen.line(shownNumber(row.amount), columns.right, sheet.y, numbers);
  for (const text of texts) {
    pen.line(text, columns.left + inset, sheet.y, SMALL);
    sheet.y += SMALL.size * LEADING;
  }
}

/** What else a reader must know of a line: its own period, where that isn't the invoice's, and how many events it is of. */
function aboutLine(invoice: InvoiceDocument, { days, events, meter }: DocumentLine): string {
  const same = days.first === invoice.days.first && days.last === invoice.days.last;
  return [
    same ? '' : shownDays(days),
    meter === null ? '' : `${meter}, ${shownCount(events)}`,
  ].filter((part) => part !== '').join('  ·  '); // prettier-ignore
}

function shownCount(events: number): string {
  return events === 1 ? '1 event' : `${events.toLocaleString('en')} events`;
}

/** A single row that says what the line says already is left out. */
function worthShowing({ rows }: DocumentLine): readonly DocumentRow[] {
  return rows.length === 1 && !saysQuantity(rows[0]!) ? [] : rows;
}

/** Money that is added or taken off as a whole has no quantity to show: it is once its own amount. */
function saysQuantity({ kind }: DocumentRow): boolean {
  return !WHOLE_AMOUNTS.has(kind);
}
const WHOLE_AMOUNTS = new Set(['flat', 'discount', 'trial', 'minimum', 'maximum', 'proration', 'true_up']);

function drawTotal(sheet: Sheet, { total, currency, number }: InvoiceDocument): void {
  sheet.room(56);
  const { pen, right } = sheet;
  sheet.y += 8;
  pen.line('Total', right - 150, sheet.y + 2.55, { size: 11, weight: 600 });
  pen.line(`${shownAmount(total, currency)} ${currency}`, right, sheet.y, { size: 14, weight: 600, color: INK, align: 'right' }); // prettier-ignore
  sheet.y += 28;
  if (number === null) {
    pen.line('This is a draft: it has no number yet, and is not a request to pay.', right, sheet.y, { ...SMALL, align: 'right' }); // prettier-ignore
  }
}
