import {
  type DocumentLine,
  type DocumentRow,
  type InvoiceDocument,
  shownAmount,
  shownDays,
  shownNumber,
  shownTax,
} from '../domain';
import { LEADING } from './pen';
import type { Sheet } from './sheet';
import { BODY, NAME, SECTION, SMALL } from './styles';
import { CHART_HEIGHT, drawUsage } from './usage-chart';

/** The name of what the next lines belong to, with what they come to. */
export function drawSection(sheet: Sheet, name: string, about: string, amount: string): void {
  const { pen, columns, left, right } = sheet;
  const names = pen.wrap(name, columns.text + 60, SECTION);
  sheet.beginSection(null);
  sheet.room(names.length * SECTION.size * LEADING + 60);
  pen.line(amount, right, sheet.y, { ...SECTION, align: 'right' });
  for (const line of names) {
    pen.line(line, left, sheet.y, SECTION);
    sheet.y += SECTION.size * LEADING;
  }
  if (about !== '') sheet.y += pen.paragraph(about, left, sheet.y, columns.text + 60, SMALL);
  sheet.y += 4;
  pen.rule(left, sheet.y, sheet.width);
  sheet.y += 8;
  sheet.beginSection(names[0]!);
}

/**
 * A line, the steps that lead to its amount, and its usage by day. It begins on a page where its first step fits, too.
 *
 * @param days     of what it belongs to; its own are shown where they differ
 * @param namesTax whether the reader must be told what tax it bears, since others bear another
 */
export function drawLine(
  sheet: Sheet,
  { currency }: InvoiceDocument,
  line: DocumentLine,
  days: DocumentLine['days'] | null,
  namesTax: boolean,
): void {
  const { pen, columns } = sheet;
  const names = pen.wrap(line.description, columns.text, NAME);
  const about = aboutLine(line, days, namesTax);
  sheet.room(names.length * NAME.size * LEADING + (about === '' ? 0 : 12) + 16);

  const { quantity, right } = columns;
  pen.line(shownAmount(line.amount, currency), right, sheet.y, { ...NAME, align: 'right' });
  if (line.meter !== null || line.kind === 'item') {
    pen.line(shownNumber(line.quantity), quantity, sheet.y + 0.4, { ...BODY, align: 'right' });
  }
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
  endLine(sheet);
}

export function endLine(sheet: Sheet): void {
  sheet.y += 5;
  sheet.pen.rule(sheet.left, sheet.y, sheet.width);
  sheet.y += 8;
}

function drawRow(sheet: Sheet, line: DocumentLine, row: DocumentRow): void {
  const { pen, columns } = sheet;
  const inset = 10;
  const texts = pen.wrap(row.description, columns.text - inset, SMALL);
  if (sheet.room(texts.length * SMALL.size * LEADING)) {
    const [name = ''] = pen.wrap(line.description, columns.text, SMALL);
    pen.line(`${name}, continued`, columns.left, sheet.y, { ...SMALL, weight: 600 });
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

/** What else a reader must know of a line: its own period, how many events it is of, its tax. */
function aboutLine(
  { days, events, meter, taxes }: DocumentLine,
  around: DocumentLine['days'] | null,
  namesTax: boolean,
): string {
  const same = days.first === around?.first && days.last === around.last;
  return [
    same ? '' : shownDays(days),
    meter === null ? '' : `${meter}, ${shownCount(events)}`,
    namesTax ? taxes.map(shownTax).join(' + ') || 'no tax' : '',
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
