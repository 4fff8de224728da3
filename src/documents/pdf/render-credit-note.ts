import { setImmediate } from 'node:timers/promises';
import { sum } from '../../kernel';
import {
  type CreditNoteDocument,
  type CreditNoteDocumentLine,
  GIVEN,
  shownAmount,
  shownDay,
  shownDays,
  shownTax,
} from '../domain';
import { drawHead, drawParties, drawSummary } from './draw-head';
import { endLine } from './draw-line';
import { drawNotes, drawTotals, taxRows } from './draw-totals';
import { LEADING } from './pen';
import { reasonsOf } from './render-invoice';
import type { Sheet } from './sheet';
import { NAME, SMALL } from './styles';
import { type Paper, writePdf } from './write-pdf';

const LINES_AT_ONCE = 50;

/** A credit note as a PDF, in the looks of its invoice. The same note gives the same bytes. */
export async function renderCreditNote(note: CreditNoteDocument, paper: Paper): Promise<Buffer> {
  const { number, seller, customer, invoice, madeAt, currency, total } = note;
  const name = `Credit note ${number}`;
  const kind = {
    ...{ title: name, author: seller.name, madeAt, country: customer.country },
    heading: { seller: seller.name, name, footName: name, mark: null, currency },
  };
  return writePdf(kind, paper, async (sheet) => {
    drawHead(sheet, seller.name, 'Credit note', number);
    drawParties(sheet, note);
    const facts = [
      ['ISSUED', shownDay(note.issuedOn)],
      ['OF INVOICE', `${invoice.number} of ${shownDay(invoice.issuedOn)}`],
    ] as const;
    drawSummary(sheet, facts, 'TOTAL', `${shownAmount(total, currency)} ${currency}`);
    sheet.beginTable('words');
    for (const [index, line] of note.lines.entries()) {
      if (index % LINES_AT_ONCE === 0) await setImmediate();
      drawCredit(sheet, note, line);
    }
    sheet.endTable();
    drawTotals(sheet, taxRows(sum(note.lines.map(({ amount }) => amount)), note), currency);
    drawNotes(sheet, [note.reason, GIVEN[note.givenAs], ...reasonsOf(note.taxes)]);
  });
}

function drawCredit(sheet: Sheet, { currency }: CreditNoteDocument, line: CreditNoteDocumentLine): void {
  const { pen, left, right } = sheet;
  const width = sheet.width - 110;
  const names = pen.wrap(line.description, width, NAME);
  sheet.room(names.length * NAME.size * LEADING + 28);
  pen.line(shownAmount(line.amount, currency), right, sheet.y, { ...NAME, align: 'right' });
  for (const name of names) {
    pen.line(name, left, sheet.y, NAME);
    sheet.y += NAME.size * LEADING;
  }
  const about = [`Line ${line.invoicePosition}`, shownDays(line.days), line.taxes.map(shownTax).join(' + ')];
  sheet.y += pen.paragraph(about.filter((each) => each !== '').join('  ·  '), left, sheet.y, width, SMALL) + 2;
  endLine(sheet);
}
