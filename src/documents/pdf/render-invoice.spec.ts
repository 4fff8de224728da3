import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentLine, documentOf, documentRow } from '../../../test/support/documents';
import { Decimal } from '../../kernel';
import type { InvoiceDocument } from '../domain';
import { type Paper, renderInvoice } from './render-invoice';

interface Page {
  readonly width: number;
  readonly height: number;
  /** From top to bottom, each with its texts from left to right. */
  readonly lines: string[];
}

const folder = mkdtempSync(join(tmpdir(), 'weir-pdf-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a viewer reads on the pages. */
async function pagesOf(invoice: InvoiceDocument, paper: Paper = 'a4'): Promise<Page[]> {
  const file = join(folder, 'invoice.pdf');
  writeFileSync(file, await renderInvoice(invoice, paper));
  const reader = join(__dirname, '../../../test/support/pdf-text.mjs');
  const [read] = JSON.parse(execFileSync(process.execPath, [reader, file], { encoding: 'utf8' })) as {
    pages: Page[];
  }[];
  return read!.pages;
}

const TOKENS = documentLine('tokens', '33.75', {
  ...{ description: 'Output tokens', meter: 'Tokens', quantity: '4250000.5', events: 12_345 },
  rows: [
    documentRow('allowance', 'Included in the plan', '1000000', '0', '0'),
    documentRow('tier', 'Units 1,000,001 to 3,000,000', '2000000', '0.000012', '24'),
    documentRow('tier', 'Units above 3,000,000', '1250000.5', '0.0000078', '9.7500039'),
  ],
  usage: {
    first: '2026-02-01',
    quantities: Array.from({ length: 28 }, (_, day) => new Decimal(day === 9 ? 900 : day)),
  },
});
const BASE = documentLine('base', '99.00', {
  description: 'Base fee',
  rows: [documentRow('flat', 'Flat amount', '1', '99', '99')],
});
const DISCOUNT = documentLine('plan:discount:x', '-13.28', { kind: 'discount', description: 'Early customer' });
const INVOICE = documentOf([BASE, TOKENS, DISCOUNT]);

/** As many lines as fill several pages. */
const LONG = documentOf(
  Array.from({ length: 40 }, (_, index) => ({ ...TOKENS, key: `t${index}`, description: `Output tokens ${index}` })),
);

it('says who asks whom for what, and how each amount comes about', async () => {
  const [page, ...more] = await pagesOf(INVOICE);
  expect(more).toEqual([]);
  for (const line of [
    'INV-000042',
    'Nordlicht AI GmbH Acme & Sons "Inc."',
    '20354 Hamburg United States',
    'Tax ID DE123456789',
    '2 Mar 2026 1 Feb 2026 – 28 Feb 2026 Professional',
    'Base fee 99.00',
    'Tokens, 12,345 events',
    'Included in the plan 1,000,000 0 0',
    'Units 1,000,001 to 3,000,000 2,000,000 0.000012 24',
    'Units above 3,000,000 1,250,000.5 0.0000078 9.7500039',
    '900 on 10 Feb 2026',
    'Early customer −13.28',
    'Nordlicht AI GmbH · Invoice INV-000042 Page 1 of 1',
  ]) {
    expect(page!.lines).toContain(line);
  }
  expect(page!.lines.filter((line) => line.includes('119.47 USD'))).toHaveLength(2);
  expect(page!.lines.join(' ')).not.toContain('DRAFT');
});

it.each`
  paper       | width  | height
  ${'a4'}     | ${595} | ${842}
  ${'letter'} | ${612} | ${792}
`('a long one goes on over pages of $paper, with the head of the table on each', async ({ paper, width, height }) => {
  const pages = await pagesOf(LONG, paper as Paper);
  expect(pages.length).toBeGreaterThan(3);
  pages.forEach((page, index) => {
    expect(page).toMatchObject({ width, height });
    expect(page.lines.at(-1)).toBe(`Nordlicht AI GmbH · Invoice INV-000042 Page ${index + 1} of ${pages.length}`);
    const isTableOver = index === pages.length - 1 && !page.lines.some((line) => line.startsWith('Output tokens'));
    if (!isTableOver) expect(page.lines).toContain('DESCRIPTION QUANTITY UNIT PRICE AMOUNT (USD)');
  });
  const all = pages.flatMap(({ lines }) => lines);
  for (const { description } of LONG.lines) {
    expect(all.filter((line) => line.startsWith(`${description} `) && line.endsWith('33.75'))).toHaveLength(1);
  }
});

it('a breakdown longer than a page says on the next one whose it is', async () => {
  const rows = Array.from({ length: 90 }, (_, index) => documentRow('tier', `Model ${index}`, '1', '0.5', '0.5'));
  const pages = await pagesOf(documentOf([{ ...TOKENS, rows }]));
  expect(pages[1]!.lines).toContain('Output tokens, continued');
  const all = pages.flatMap(({ lines }) => lines);
  expect(all.filter((line) => /^Model \d+ 1 0.5 0.5$/.test(line))).toHaveLength(90);
});

it('a draft says on every page that it is one', async () => {
  const pages = await pagesOf({ ...LONG, number: null, issuedOn: null });
  for (const { lines } of pages) expect(lines).toContain('DRAFT');
  expect(pages[0]!.lines).toContain('Draft invoice');
});

it.each`
  name                          | reads                         | because
  ${'株式会社ソフトウェア開発'} | ${'株式会社ソフトウェア開発'} | ${'Japanese, from many small files of letters'}
  ${'东海人工智能有限公司'}     | ${'东海人工智能有限公司'}     | ${'Chinese'}
  ${'주식회사 한국인공지능'}    | ${'주식회사한국인공지능'}     | ${'Korean'}
  ${'Ελληνική Εταιρεία ΑΕ'}     | ${'ΕλληνικήΕταιρείαΑΕ'}       | ${'Greek'}
  ${'ООО «Ёлка»'}               | ${'ООО«Ёлка»'}                | ${'Cyrillic'}
  ${'חברת הים (2024)'}          | ${'(2024)היםחברת'}            | ${'Hebrew begins at the right, its number stays as it is'}
  ${'Acme שלום Ltd'}            | ${'AcmeשלוםLtd'}              | ${'a word of Hebrew within Latin stays in its place'}
  ${'Emoji 🦄 GmbH'}            | ${'Emoji?GmbH'}               | ${'what no font has is a question mark, not a fault'}
`('a customer called $name: $because', async ({ name, reads }) => {
  const [page] = await pagesOf({ ...INVOICE, customer: { ...INVOICE.customer, name: name as string } });
  expect(page!.lines.join('').replaceAll(' ', '')).toContain(reads);
});

it('Arabic letters are joined', async () => {
  const apart = await renderInvoice({ ...INVOICE, customer: { ...INVOICE.customer, name: 'ب ب ب' } }, 'a4');
  const joined = await renderInvoice({ ...INVOICE, customer: { ...INVOICE.customer, name: 'ببب' } }, 'a4');
  // Beginning, middle and end are letters of their own in the font, where three that stand alone are one.
  expect(joined.length).toBeGreaterThan(apart.length);
});

it('is made again as the same bytes, and is small: it holds only the letters it shows', async () => {
  const once = await renderInvoice(INVOICE, 'a4');
  expect(await renderInvoice(INVOICE, 'a4')).toEqual(once);
  expect(once.length).toBeLessThan(30_000);
});
