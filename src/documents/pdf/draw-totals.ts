import { type Currency, type Decimal, sum } from '../../kernel';
import { type DocumentTax, type InvoiceDocument, shownAmount, shownTax } from '../domain';
import { INK, LEADING, SOFT } from './pen';
import type { Sheet } from './sheet';
import { BODY, CAPTION, SMALL } from './styles';

/** A step from what the lines come to, to what is due. */
export interface TotalRow {
  readonly name: string;
  readonly amount: Decimal;
  /** `result`: what the rows above come to. `aside`: part of what is said already. */
  readonly weight: 'step' | 'result' | 'aside';
}

/**
 * The way from the lines to what is due, in the order in which it is reckoned. Where no tax, credit or payment is, the
 * total alone.
 */
export function invoiceTotals(invoice: InvoiceDocument): TotalRow[] {
  const { lines, creditApplied, prepaidApplied, credited, amountPaid, amountDue, number } = invoice;
  const ofLines = sum(lines.map(({ amount }) => amount));
  const rows: TotalRow[] = taxRows(ofLines, invoice);
  const taken = [
    ['Paid with credit', creditApplied],
    ['Paid with prepaid credit', prepaidApplied],
    ['Credit notes', credited],
    ['Paid', amountPaid],
  ] as const;
  const off = taken.filter(([, amount]) => !amount.isZero());
  for (const [name, amount] of off) rows.push({ name, amount: amount.negated(), weight: 'step' });
  if (off.length > 0 && number !== null) rows.push({ name: 'Amount due', amount: amountDue, weight: 'result' });
  return rows;
}

/** @param ofLines sum of the lines' amounts: without taxes on top, with those within */
export function taxRows(
  ofLines: Decimal,
  { taxes, total, subtotal, currency }: Pick<InvoiceDocument, 'taxes' | 'total' | 'subtotal' | 'currency'>,
): TotalRow[] {
  const onTop = taxes.filter(({ behaviour }) => behaviour === 'exclusive');
  const within = taxes.filter(({ behaviour }) => behaviour === 'inclusive');
  // What a tax is reckoned on goes without saying where it is the row above.
  const named = (tax: DocumentTax): string =>
    onTop.length === 1 && tax === onTop[0] && tax.base.equals(ofLines)
      ? shownTax(tax)
      : `${shownTax(tax)} on ${shownAmount(tax.base, currency)}`;
  return [
    ...(onTop.length > 0 ? [{ name: 'Subtotal', amount: ofLines, weight: 'step' as const }] : []),
    ...onTop.map((tax) => ({ name: named(tax), amount: tax.amount, weight: 'step' as const })),
    { name: 'Total', amount: total, weight: 'result' as const },
    ...within.map((tax) => ({ name: `includes ${named(tax)}`, amount: tax.amount, weight: 'aside' as const })),
    ...(within.length > 0 ? [{ name: 'without tax', amount: subtotal, weight: 'aside' as const }] : []),
  ];
}

export function drawTotals(sheet: Sheet, rows: readonly TotalRow[], currency: Currency): void {
  const { pen } = sheet;
  const from = sheet.left + sheet.width * 0.42;
  const results = rows.filter(({ weight }) => weight === 'result').length;
  sheet.room(8 + results * 28 + (rows.length - results) * BODY.size * LEADING);
  sheet.y += 8;
  for (const { name, amount, weight } of rows) {
    const { right } = sheet;
    if (weight === 'result') {
      const text = `${shownAmount(amount, currency)} ${currency}`;
      sheet.y += 3;
      pen.line(name, from, sheet.y + 2.55, { size: 11, weight: 600 });
      pen.line(text, right, sheet.y, { size: 14, weight: 600, color: INK, align: 'right' });
      sheet.y += 25;
      continue;
    }
    const style = weight === 'aside' ? SMALL : BODY;
    const names = pen.wrap(name, sheet.width * 0.4, style);
    sheet.room(names.length * style.size * LEADING);
    pen.line(shownAmount(amount, currency), right, sheet.y, { ...style, align: 'right' });
    for (const text of names) {
      pen.line(text, from, sheet.y, style);
      sheet.y += style.size * LEADING;
    }
    sheet.y += 2;
  }
}

/** Sentences behind the totals, each a paragraph that may go on over pages. */
export function drawNotes(sheet: Sheet, notes: readonly string[]): void {
  if (notes.length === 0) return;
  const { pen, left, width } = sheet;
  sheet.room(44);
  sheet.y += 16;
  pen.line('NOTES', left, sheet.y, CAPTION);
  sheet.y += 13;
  for (const note of notes) {
    for (const paragraph of note.split(/\r?\n/)) {
      for (const line of pen.wrap(paragraph, width * 0.8, { ...BODY, color: SOFT })) {
        sheet.room(BODY.size * LEADING);
        pen.line(line, left, sheet.y, { ...BODY, color: INK });
        sheet.y += BODY.size * LEADING;
      }
    }
    sheet.y += 4;
  }
}
