import { addressOf, type InvoiceDocument, type Party } from '../domain';
import { ACCENT, SOFT } from './pen';
import { MARGIN, type Sheet } from './sheet';
import { BODY, CAPTION } from './styles';

/** A caption with what it says, such as when an invoice was issued. */
export type Fact = readonly [caption: string, text: string];

const AMOUNT = { size: 14, weight: 600 } as const;

/** Who asks for it, what it is, and its number. */
export function drawHead(sheet: Sheet, seller: string, what: string, number: string | null): void {
  const { pen, left, right, width } = sheet;
  pen.pdf.rect(0, 0, pen.pdf.page.width, 5).fill(ACCENT);
  const height = pen.paragraph(seller, left, MARGIN, width * 0.6, { size: 15, weight: 600 });
  pen.line(what, right, MARGIN - 3, { size: 20, color: ACCENT, align: 'right' });
  if (number !== null) pen.line(number, right, MARGIN + 23, { ...BODY, color: SOFT, align: 'right' });
  sheet.y = MARGIN + Math.max(height, 38) + 18;
}

export function drawParties(sheet: Sheet, { seller, customer }: Pick<InvoiceDocument, 'seller' | 'customer'>): void {
  const half = sheet.width / 2;
  const heights = [
    drawParty(sheet, 'FROM', seller, sheet.left, half - 20),
    drawParty(sheet, 'BILL TO', customer, sheet.left + half, half),
  ];
  sheet.y += Math.max(...heights) + 20;
}

/** A box of what a reader looks for first. A fact that has no room is cut, the last one first. */
export function drawSummary(sheet: Sheet, facts: readonly Fact[], caption: string, amount: string): void {
  const { pen, left, width, right, y } = sheet;
  const height = 44;
  pen.pdf.roundedRect(left, y, width, height, 4).fill('#f3f6fd');
  let x = left + 14;
  const room = right - 32 - pen.widthOf(amount, AMOUNT);
  for (const [name, fact] of facts) {
    const [shown = '', more] = pen.wrap(fact, Math.max(40, room - x), BODY);
    pen.line(name, x, y + 10, { ...CAPTION, size: 6.8 });
    const text = more === undefined ? shown : `${shown}…`;
    pen.line(text, x, y + 22, BODY);
    x += Math.max(pen.widthOf(text, BODY), pen.widthOf(name, CAPTION)) + 20;
  }
  pen.line(caption, right - 14, y + 8, { ...CAPTION, size: 6.8, align: 'right' });
  pen.line(amount, right - 14, y + 18, { ...AMOUNT, align: 'right' });
  sheet.y = y + height + 24;
}

function drawParty({ pen, y }: Sheet, caption: string, party: Party, x: number, width: number): number {
  pen.line(caption, x, y, CAPTION);
  let at = y + 14;
  at += pen.paragraph(party.name, x, at, width, { size: 10.5, weight: 600 }) + 1;
  const lines = [...addressOf(party), ...(party.taxId === null ? [] : [`Tax ID ${party.taxId}`]), party.email ?? ''];
  for (const line of lines.filter((each) => each !== '')) at += pen.paragraph(line, x, at, width, BODY);
  return at - y;
}
