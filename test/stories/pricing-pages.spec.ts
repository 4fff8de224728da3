import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MODELS } from '../../src/rating/domain';
import { startTestServer, type TestServer } from '../support/server';

const run = promisify(execFile);
const ROOT = join(__dirname, '../..');
const FOLDER = join(ROOT, 'docs/pricing');
const PAGES = readdirSync(FOLDER).filter((file) => file.endsWith('.md') && file !== 'README.md');
const DAY_MS = 86_400_000;
const APRIL = { start: '2026-04-01T00:00:00Z', end: '2026-05-01T00:00:00Z' };

type Json = Record<string, unknown>;

/** A price or a plan of a page, with the rows of the tables below it. */
interface Example {
  readonly definition: Json;
  readonly rows: readonly Row[];
}

/** Cells by heading, those without anything left out. */
type Row = Readonly<Record<string, string>>;

function read(page: string): string {
  return readFileSync(join(FOLDER, page), 'utf8');
}

/** JSON with a charge or with prices, and the tables with an `amount` that come before the next such JSON. */
function examplesOf(page: string): Example[] {
  const parts = read(page).matchAll(/^```json\n([\s\S]*?)^```|((?:^\|.*\n)+)/gm);
  const examples: { definition: Json; rows: Row[] }[] = [];
  for (const [, json, table] of parts) {
    if (json !== undefined) {
      const definition = JSON.parse(json) as Json;
      if ('charge' in definition || 'prices' in definition) examples.push({ definition, rows: [] });
    } else examples.at(-1)?.rows.push(...rowsOf(table!));
  }
  return examples.filter(({ rows }) => rows.length > 0);
}

/** The rows of a table that say an amount, and from which usage it comes. */
function rowsOf(table: string): Row[] {
  const [headings, , ...lines] = table.trim().split('\n').map(cellsOf);
  if (!headings!.includes('amount') || !headings!.some(isUsage)) return [];
  return lines
    .map((cells) => Object.fromEntries(cells.map((cell, index) => [headings![index]!, cell.replaceAll('**', '')])))
    .filter((row) => Object.keys(promised(row)).length > 0);
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}

const QUANTITY = ['quantity', 'used', 'value'];

function isUsage(heading: string): boolean {
  return [...QUANTITY, 'cost', 'transactions', 'attempts', 'usage'].includes(heading) || isCode(heading);
}

/** A heading in backticks: a window, a group, or a price of a plan. */
function isCode(heading: string): boolean {
  return heading.startsWith('`') && heading.endsWith('`');
}

function plain(cell: string | undefined): string | undefined {
  return cell === undefined || cell === '' ? undefined : cell.replaceAll(',', '').replaceAll('`', '');
}

/** What a row asks of the preview. */
function requestOf({ definition, row }: { definition: Json; row: Row }): Json {
  const share = /^(\d+) of (\d+) days$/.exec(row.share ?? '');
  const period = {
    ...APRIL,
    ...(row.period === undefined ? {} : { index: Number(row.period) }),
    ...(share === null ? {} : { share: { part: Number(share[1]) * DAY_MS, whole: Number(share[2]) * DAY_MS } }),
  };
  const asked = { period, ...(plain(row.trial) === undefined ? {} : { trial: plain(row.trial) }) };
  return 'prices' in definition
    ? { ...asked, ...planRequest(definition, row) }
    : { ...asked, currency: 'USD', ...priceRequest(definition, row) };
}

/** The preview makes up the meter that a price needs, so the page's own isn't wanted. */
function priceRequest({ meter: _, ...price }: Json, row: Row): Json {
  const { model, quantity } = price.charge as Json;
  const agreed = model === 'flat' || (model === 'recurring' && quantity !== undefined);
  return { price, ...(agreed ? {} : { usage: usageOf(price, row) }) };
}

function usageOf({ charge }: Json, row: Row): Json {
  if (row.usage !== undefined) return JSON.parse(row.usage.replaceAll('`', '')) as Json;
  if (row.transactions !== undefined) {
    const values = row.transactions.split(';').flatMap((value) => plain(value.trim()) ?? []);
    return { events: values.map((value) => ({ data: { quantity: value } })) };
  }

  if (row.attempts !== undefined) return { events: attemptsOf(row.attempts, plain(row.cost) ?? '0') };

  const parts = Object.entries(row).filter(([heading, cell]) => isCode(heading) && cell !== '');
  const { model, windows } = charge as Json;
  const amounts = parts.map(([heading, cell]) => ({ of: heading.replaceAll('`', ''), amount: plain(cell) }));
  if (Object.keys(row).some(isCode)) {
    if (windows !== undefined) return { windows: amounts.map(({ of, amount }) => ({ window: of, quantity: amount })) };
    const unit = model === 'consumption_margin' ? 'cost' : 'quantity';
    return { groups: amounts.map(({ of, amount }) => ({ by: dimensions(of), [unit]: amount })) };
  }
  const quantity = QUANTITY.map((heading) => plain(row[heading])).find((cell) => cell !== undefined);
  const cost = plain(row.cost);
  const events = plain(row.events);
  return {
    ...(quantity === undefined ? {} : { quantity }),
    ...(cost === undefined ? {} : { cost }),
    ...(events === undefined ? {} : { events: Number(events) }),
  };
}

/**
 * `3 a failed; 28 Mar b resolved; 9 b reversed`: what happened to a task on a day at noon, in April unless told. The
 * last event has the cost of the row.
 */
function attemptsOf(cell: string, cost: string): Json[] {
  const texts = cell.split(';').map((text) => text.trim());
  return texts
    .filter((text) => text !== '' && text !== 'none')
    .map((text, index, all) => {
      const [, day = '', month = 'Apr', task = '', verdict = ''] =
        /^(\d+) (?:(Mar|Apr) )?(\S+) (\S+)$/.exec(text) ?? [];
      const data =
        verdict === 'failed' ? { status: verdict }
        : verdict === 'reversed' ? { reversed: true }
        : { status: 'done', outcome: verdict }; // prettier-ignore
      return {
        time: `2026-${month === 'Mar' ? '03' : '04'}-${day.padStart(2, '0')}T12:00:00Z`,
        task,
        data,
        cost: index === all.length - 1 ? cost : '0',
      };
    });
}

/** `model=gpt-4o, region=eu`; a dimension without a value is left out. */
function dimensions(heading: string): Record<string, string> {
  const given = heading.split(/, ?/).filter((part) => part.includes('='));
  return Object.fromEntries(given.map((part) => part.split('=') as [string, string]));
}

/** A plan as the page shows it, with what every plan has; its meters add up a quantity. */
function planRequest(definition: Json, row: Row): Json {
  const prices = (definition.prices as Json[]).map((price): Json => ({ name: price.key, ...price }));
  const meters = [...new Set(prices.flatMap(({ meter }) => (meter === undefined ? [] : [meter as string])))];
  const rolledIn = plain(row['rolled in']);
  const [pool] = (definition.pools ?? []) as Json[];
  const chargedInTerm = plain(row['charged before']);
  return {
    plan: { key: 'plan', name: 'Plan', currency: 'USD', interval: 'month', ...definition, prices },
    meters: meters.map((key) => ({
      key,
      name: key,
      eventType: key,
      aggregation: 'sum',
      value: 'data.quantity',
    })),
    usage: Object.fromEntries(
      Object.entries(row)
        .filter(([heading, cell]) => isCode(heading) && cell !== '')
        .map(([heading, cell]) => [heading.replaceAll('`', ''), { quantity: plain(cell) }]),
    ),
    ...(rolledIn === undefined || pool === undefined
      ? {}
      : { pools: [{ pool: pool.key, rolledIn: [{ amount: rolledIn, expiresAfterPeriod: Number(row.period ?? 0) }] }] }),
    ...(chargedInTerm === undefined ? {} : { chargedInTerm }),
  };
}

/** What the row promises, under the headings that are checked. */
function promised(row: Row): Json {
  const [invoice] = Object.keys(row).filter((heading) => heading.startsWith('on the invoice'));
  return {
    ...(plain(row.amount) === undefined ? {} : { amount: plain(row.amount) }),
    ...(invoice === undefined || row[invoice] === '' ? {} : { invoice: plain(row[invoice]) }),
    ...(plain(row['left in the pool']) === undefined ? {} : { left: plain(row['left in the pool']) }),
    ...(plain(row['rolls over']) === undefined ? {} : { rollsOver: plain(row['rolls over']) }),
  };
}

/** Explanations that a page quotes: lists below "How the line explains itself". How many events there were is left out. */
function quotesOf(page: string): string[][] {
  const quotes = read(page).matchAll(/How the line explains itself.*\n\n((?:^> - .*\n)+)/gm);
  return [...quotes].map(([, list]) =>
    withoutEvents(
      list!
        .trim()
        .split('\n')
        .map((line) => line.slice(4)),
    ),
  );
}

function withoutEvents(steps: readonly string[]): string[] {
  return steps.map((step) => step.replace(/, from [\d,]+ events?/, ''));
}

describe('the pages of prices', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it.each(['README.md', ...PAGES])('%s: every row of its tables is what the preview answers', async (page) => {
    const examples = examplesOf(page);
    expect(examples.length).toBeGreaterThan(0);

    const explanations: string[][] = [];
    for (const { definition, rows } of examples) {
      for (const row of rows) {
        const { status, body } = await server.api('POST', '/v1/rating/preview', requestOf({ definition, row }));
        expect({ row, status, refused: status === 200 ? null : body }).toEqual({ row, status: 200, refused: null });
        const expected = promised(row);
        const answered: Json = {
          amount: body.exactTotal,
          invoice: body.total,
          left: body.pools[0]?.left,
          rollsOver: body.pools[0]?.rollsOver,
        };
        const shown = Object.fromEntries(Object.keys(expected).map((heading) => [heading, answered[heading]]));
        expect({ row, ...shown }).toEqual({ row, ...expected });
        for (const { steps } of body.lines) explanations.push(withoutEvents(steps));
      }
    }

    const told = explanations.map((steps) => steps.join('\n'));
    for (const quote of quotesOf(page)) expect(told).toContain(quote.join('\n'));
  });
});

it('has a page for every charge model', () => {
  const pages = Object.keys(MODELS).map((model) => `${model.replaceAll('_', '-')}.md`);
  expect(PAGES).toEqual(expect.arrayContaining(pages));
});

it.each(PAGES)('%s is on the page of all prices, and has a picture', (page) => {
  expect(readFileSync(join(FOLDER, 'README.md'), 'utf8')).toContain(`](${page})`);
  const pictures = [...read(page).matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, file]) => file!);
  expect(pictures.length).toBeGreaterThan(0);
  for (const picture of pictures) expect(existsSync(join(FOLDER, picture))).toBe(true);
});

it('shows no other cost curves than the engine draws from the pages', async () => {
  await run(process.execPath, ['scripts/build.mjs'], { cwd: ROOT });
  await run(process.execPath, ['scripts/price-curves.mjs', '--check'], { cwd: ROOT });
}, 180_000);
