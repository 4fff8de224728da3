import { setImmediate } from 'node:timers/promises';
import { sum } from '../../kernel';
import {
  type DocumentLine,
  type DocumentTax,
  type InvoiceDocument,
  shownAmount,
  shownDay,
  shownDays,
  shownTax,
} from '../domain';
import { drawHead, drawParties, drawSummary, type Fact } from './draw-head';
import { drawLine, drawSection } from './draw-line';
import { drawNotes, drawTotals, invoiceTotals } from './draw-totals';
import type { Sheet } from './sheet';
import { type Paper, writePdf } from './write-pdf';

export type { Paper } from './write-pdf';

/** Some pages, drawn in some ten milliseconds. */
const LINES_AT_ONCE = 20;

/** An invoice as a PDF. The same invoice gives the same bytes. */
export async function renderInvoice(invoice: InvoiceDocument, paper: Paper): Promise<Buffer> {
  const { number, seller, customer, madeAt, currency } = invoice;
  const kind = {
    title: number === null ? `Draft invoice for ${customer.name}` : `Invoice ${number}`,
    ...{ author: seller.name, madeAt, country: customer.country },
    heading: {
      seller: seller.name,
      name: number === null ? 'Draft invoice' : `Invoice ${number}`,
      footName: number === null ? `Draft ${invoice.id}` : `Invoice ${number}`,
      mark: number === null ? 'DRAFT' : invoice.isVoid ? 'VOID' : null,
      currency,
    },
  };
  return writePdf(kind, paper, async (sheet) => {
    drawHead(sheet, seller.name, number === null ? 'Draft invoice' : 'Invoice', number);
    drawParties(sheet, invoice);
    const [caption, amount] = number === null || invoice.amountDue.equals(invoice.total) ? ['TOTAL', invoice.total] as const : ['AMOUNT DUE', invoice.amountDue] as const; // prettier-ignore
    drawSummary(sheet, factsOf(invoice), caption, `${shownAmount(amount, currency)} ${currency}`);
    sheet.beginTable();
    await drawLines(sheet, invoice);
    sheet.endTable();
    drawTotals(sheet, invoiceTotals(invoice), currency);
    drawNotes(sheet, notesOf(invoice));
  });
}

function factsOf({ issuedOn, dueOn, isVoid, days, plan, parts }: InvoiceDocument): Fact[] {
  return [
    ['ISSUED', issuedOn === null ? 'not yet' : shownDay(issuedOn)],
    ...(dueOn === null || isVoid ? [] : [['DUE', shownDay(dueOn)] as const]),
    // Of single items each says its own days.
    ...(parts.length === 0 ? [] : [['SERVICE PERIOD', shownDays(days)] as const]),
    ...(plan === null ? [] : [['PLAN', plan.name] as const]),
    ...(parts.length < 2 ? [] : [['SUBSCRIPTIONS', String(parts.length)] as const]),
  ];
}

/** Line by line; where an invoice bills several subscriptions, or items beside one, each has a section. */
async function drawLines(sheet: Sheet, invoice: InvoiceDocument): Promise<void> {
  const { lines, parts } = invoice;
  const inSections = parts.length > 1 || (parts.length === 1 && lines.some(({ part }) => part === null));
  const namesTax = new Set(lines.map(({ taxes }) => taxes.map(nameOf).join('\n'))).size > 1;
  let section: number | null | undefined;
  for (const [index, line] of lines.entries()) {
    // A long invoice must not keep other requests waiting.
    if (index % LINES_AT_ONCE === 0) await setImmediate();
    if (inSections && line.part !== section) beginSection(sheet, invoice, line);
    section = line.part;
    const days = line.part === null ? null : inSections ? parts[line.part]!.days : invoice.days;
    drawLine(sheet, invoice, line, days, namesTax);
  }
}

function beginSection(sheet: Sheet, { lines, parts, currency, days }: InvoiceDocument, { part }: DocumentLine): void {
  const amount = shownAmount(sum(lines.filter((line) => line.part === part).map((line) => line.amount)), currency);
  if (part === null) {
    drawSection(sheet, 'Other items', '', amount);
    return;
  }
  const about = parts[part]!;
  const same = about.days.first === days.first && about.days.last === days.last;
  const said = [`Subscription ${about.subscription}`, same ? '' : shownDays(about.days)];
  drawSection(sheet, about.plan.name, said.filter((each) => each !== '').join('  ·  '), amount);
}

function notesOf(invoice: InvoiceDocument): string[] {
  const { number, isVoid, replaces, total, taxes, memo, currency } = invoice;
  return [
    number === null ? 'This is a draft: it has no number yet, and is not a request to pay.' : '',
    isVoid ? 'This invoice is void: it asks for nothing.' : '',
    replaces === null ? '' : `It takes the place of invoice ${replaces}.`,
    total.lessThan(0) && !isVoid ? `${shownAmount(total.negated(), currency)} ${currency} become credit, which pays later invoices.` : '',
    ...reasonsOf(taxes),
    memo ?? '',
  ].filter((note) => note !== ''); // prettier-ignore
}

/** Why nothing is asked of some lines, which tax law wants to read on the page. */
export function reasonsOf(taxes: readonly DocumentTax[]): string[] {
  return taxes.flatMap((tax) => (tax.reason === null ? [] : [`${shownTax(tax)}: ${tax.reason}.`]));
}

function nameOf({ name, percent, behaviour, category }: DocumentTax): string {
  return [name, percent.toFixed(), behaviour, category].join(' ');
}
