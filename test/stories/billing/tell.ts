import * as r from '../../model/rating-reference/rational';
import { startTestServer, type TestServer } from '../../support/server';
import { expectToAddUp, splitSum } from './sums';
import type { Body, ExpectedInvoice, Story } from './story';
import { decimalsOf, World } from './world';

/** Plays stories, each in an organisation of its own, and holds every invoice against what is written. */
export function tell(stories: readonly Story[]): void {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
  });
  afterAll(() => server.stop());

  it.each(stories.map((story) => [story.title, story] as const))('%s', async (_title, story) => {
    for (const invoice of story.invoices) expectToAddUp(invoice, decimalsOf(story));
    const world = await World.of(server, story);
    for (const { at, act } of story.steps) {
      await world.clockTo(at);
      await act(world);
    }
    await world.clockTo(story.until);
    const invoices = await world.invoices();
    expect(invoices.map((invoice) => asTold(invoice, story, world))).toEqual(
      story.invoices.map((invoice) => asWritten(invoice, decimalsOf(story))),
    );
    await expectBooksToBalance(world, invoices, decimalsOf(story));
    for (const { says, holds } of story.also ?? []) {
      await holds(world).catch((error: unknown) => {
        throw new Error(`It isn't so that ${says}: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
  });
}

/** An invoice as a list of short texts, so that a difference can be read. */
function asWritten(invoice: ExpectedInvoice, decimals: number): string[] {
  const { number, issued, status, lines, taxes, total, credit, due } = invoice;
  return [
    `${number}, ${issued ?? 'not issued'}: ${status}`,
    ...lines.map(({ kind, key, from, to, quantity, sum }) =>
      [`${kind} ${key} ${from} → ${to}:`, ...(quantity === null ? [] : [`${quantity} →`]), splitSum(sum).amount].join(
        ' ',
      ),
    ),
    ...taxes.map(([name, sum]) => `${name}: ${splitSum(sum).amount}`),
    `total ${total}, credit used ${r.asLine(r.of(credit), decimals)}, due ${r.asLine(r.of(due), decimals)}`,
  ];
}

function asTold(invoice: Body, story: Story, world: World): string[] {
  const expected = story.invoices.find(({ number }) => number === (invoice.number ?? 'draft'));
  return [
    `${invoice.number ?? 'draft'}, ${invoice.issuedAt === null ? 'not issued' : world.local(invoice.issuedAt).slice(0, 10)}: ${invoice.status}`,
    ...invoice.lines.map(({ kind, key, servicePeriod: { start, end }, quantity, amount }: Body, index: number) => {
      const counts = (expected?.lines[index]?.quantity ?? null) !== null;
      return [`${kind} ${key} ${world.local(start)} → ${world.local(end)}:`, ...(counts ? [`${quantity} →`] : []), amount].join(' '); // prettier-ignore
    }),
    ...taxesOf(invoice),
    `total ${invoice.total}, credit used ${invoice.creditApplied ?? zero(invoice)}, due ${invoice.amountDue}`,
  ];
}

const zero = (invoice: Body): string =>
  invoice.total
    .replace('-', '')
    .replaceAll(/\d/g, '0')
    .replace(/^0+(?=\d)/, '');

function taxesOf(invoice: Body): string[] {
  return (invoice.taxes ?? []).map(
    ({ name, amount, behaviour }: Body) => `${behaviour === 'inclusive' ? 'incl. ' : ''}${name}: ${amount}`,
  );
}

/** Debits are credits, and what customers owe by the ledger is what is due by the invoices. */
async function expectBooksToBalance(world: World, invoices: readonly Body[], decimals: number): Promise<void> {
  const { currencies } = await world.get('/v1/ledger/trial-balance');
  const balances: Record<string, string> = {};
  for (const { debits, credits, accounts } of currencies) {
    expect(debits).toBe(credits);
    for (const { account, balance } of accounts) balances[account] = balance;
  }
  const owed = invoices.filter(({ status }) => status === 'finalized').map(({ amountDue }) => r.of(amountDue));
  const nothing = r.asLine(r.NOTHING, decimals);
  expect(balances['accounts_receivable'] ?? nothing).toBe(r.asLine(r.total(owed), decimals));
  for (const [account, balance] of Object.entries(world.story.ledger ?? {})) {
    expect(`${account} ${balances[account] ?? nothing}`).toBe(`${account} ${balance}`);
  }
}
