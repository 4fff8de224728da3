import { parseArgs } from 'node:util';
import { type DocumentLine, type InvoiceDocument, renderInvoice } from '../src/documents';
import { Decimal, sum, ZERO } from '../src/kernel';
import { BenchError } from './bench-error';
import { wholeNumber } from './options';
import { spreadOf } from './statistics';

const HELP = `Measures how fast invoices become PDFs, in pages for each second of CPU, with a chart on every other line.

  npm run bench:documents [-- flags]

  --rounds N  rounds, after one that is not counted (5)
  --lines N   lines of the invoice (60)
  --help      show this
`;

const DAYS = 28;
const PERIOD = { start: new Date('2026-02-01T00:00:00Z'), end: new Date('2026-03-01T00:00:00Z') };
const FEBRUARY = { first: '2026-02-01', last: '2026-02-28' };

/** A metered line of four tiers. */
function lineOf(index: number): DocumentLine {
  const quantities = Array.from({ length: DAYS }, (_, day) => new Decimal((day * 7 + index) % 23));
  const rows = [1, 2, 3, 4].map((tier) => ({
    ...{ kind: 'tier', description: `Units of tier ${tier}`, quantity: new Decimal(1_000 * tier) },
    ...{ unitPrice: new Decimal('0.00025'), amount: new Decimal('0.25').times(tier) },
  }));
  const amount = new Decimal('2.50');
  return {
    ...{ id: `line-${index}`, position: index + 1, kind: 'price', key: `tokens-${index}`, meter: 'Output tokens' },
    ...{
      description: `Output tokens of model ${index}`,
      plan: { key: 'pro', version: 1 },
      quantity: new Decimal(10_000),
    },
    ...{ events: 1_234, exactAmount: amount, amount, servicePeriod: PERIOD, days: FEBRUARY, rows },
    ...{ part: 0, net: amount, tax: ZERO, taxes: [] },
    usage: index % 2 === 0 ? { first: FEBRUARY.first, quantities } : null,
  };
}

function invoiceOf(lines: readonly DocumentLine[]): InvoiceDocument {
  const party = {
    addressLines: ['1 Market Street'],
    city: 'Berlin',
    postalCode: '10115',
    country: 'DE',
    region: null,
    taxId: null,
  };
  const total = sum(lines.map(({ amount }) => amount));
  return {
    ...{ id: 'invoice', number: 'INV-000001', currency: 'USD', issuedOn: '2026-03-02', madeAt: PERIOD.end },
    seller: { id: 'seller', name: 'Seller GmbH', email: null, ...party },
    customer: { id: 'customer', key: 'customer', name: 'שלום Customer Ltd', email: null, ...party },
    ...{
      plan: { name: 'Professional', key: 'pro' },
      days: FEBRUARY,
      lines,
    },
    parts: [{ subscription: 'pro', plan: { name: 'Professional', key: 'pro' }, days: FEBRUARY }],
    ...{ subtotal: total, taxes: [], taxTotal: ZERO, total, amountDue: total },
    ...{ creditApplied: ZERO, prepaidApplied: ZERO, credited: ZERO, amountPaid: ZERO },
    ...{ isVoid: false, replaces: null, memo: null, dueOn: null },
  };
}

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: 'string' }, lines: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help === true) return void process.stdout.write(HELP);
  const rounds = wholeNumber('--rounds', values.rounds ?? '5', 1, 1_000);
  const invoice = invoiceOf(
    Array.from({ length: wholeNumber('--lines', values.lines ?? '60', 1, 10_000) }, (_, index) => lineOf(index)),
  );

  const rates: number[] = [];
  let size = 0;
  let pages = 0;
  for (let round = -1; round < rounds; round += 1) {
    const before = process.cpuUsage();
    const pdf = await renderInvoice(invoice, 'a4');
    const { user, system } = process.cpuUsage(before);
    pages = pdf.toString('latin1').match(/\/Type \/Page\b/g)!.length;
    size = pdf.length;
    if (round >= 0) rates.push(pages / ((user + system) / 1e6));
  }
  const { median } = spreadOf(rates);
  process.stdout.write(
    `${pages} pages, ${Math.round(size / 1024)} KiB: ${median.toFixed(0)} pages for each second of CPU\n`,
  );
}

run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof BenchError ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
