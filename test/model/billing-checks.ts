import type { Answer } from '../support/server';
import { dueOf, totalOf } from './billing-reference';
import type { BillingWorld } from './billing-world';
import * as r from './rating-reference/rational';

type Body = Answer['body'];

/** Holds a customer on the server against the model: invoices, the ledger, the usage ledger, and what lines explain. */
export async function expectAgreement(world: BillingWorld): Promise<void> {
  const { model } = world;
  const told = await world.invoices();
  for (const invoice of model.invoices) if (invoice.status === 'draft') model.refresh(invoice);
  const inOrder = (invoices: string[][]): string[][] => invoices.sort((one, other) => (one.join('\n') < other.join('\n') ? -1 : 1)); // prettier-ignore
  expect(inOrder(told.map((invoice) => world.asTold(invoice)))).toEqual(
    inOrder(model.invoices.map((invoice) => world.asModel(invoice))),
  );
  expectNumbers(told);
  expectPartsToAddUp(told);
  await expectBooks(world);
  await expectEveryEventOnce(world);
  await expectExplained(world, told);
}

/** From 1 on, without a gap. */
function expectNumbers(invoices: readonly Body[]): void {
  const numbers = invoices.flatMap(({ number }) => (number === null ? [] : [Number(number.replace('INV-', ''))]));
  expect(numbers.sort((one, other) => one - other)).toEqual(numbers.map((_, index) => index + 1));
}

/** Lines and taxes add up to the invoice, and no place of a line is asked for twice on one invoice. */
function expectPartsToAddUp(invoices: readonly Body[]): void {
  for (const { number, lines, subtotal, taxTotal, total } of invoices) {
    const sum = (amounts: readonly string[]): string => r.text(r.total(amounts.map(r.of)));
    expect([number, sum(lines.map(({ amount }: Body) => amount))]).toEqual([number, r.text(r.of(subtotal))]);
    expect([number, sum([subtotal, taxTotal])]).toEqual([number, r.text(r.of(total))]);
    const taxes = lines.flatMap((line: Body) => (line.taxes ?? []).map(({ amount }: Body) => amount));
    expect([number, sum(taxes)]).toEqual([number, r.text(r.of(taxTotal))]);
  }
}

/** The trial balance sums to zero, and says what invoices and payments say. */
async function expectBooks(world: BillingWorld): Promise<void> {
  const { model } = world;
  const { currencies } = await world.get('/v1/ledger/trial-balance');
  const balances = new Map<string, string>();
  let sum = r.NOTHING;
  for (const { debits, credits, accounts } of currencies) {
    expect(debits).toBe(credits);
    for (const { account, balance } of accounts) {
      balances.set(account, balance);
      sum = r.plus(sum, r.of(balance));
    }
  }
  expect(r.text(sum)).toBe('0');
  const of = (account: string): string => balances.get(account) ?? world.money(0n);
  const issued = model.invoices.filter(({ status }) => status !== 'draft');
  const owed = issued.filter(({ status }) => status === 'finalized').reduce((all, invoice) => all + dueOf(invoice), 0n);
  expect({
    receivable: of('accounts_receivable'),
    credit: of('customer_credit'),
    payments: of('payments'),
  }).toEqual({
    receivable: world.money(owed),
    credit: world.money(-model.credit),
    payments: world.money(model.money),
  });
  const asked = issued.filter(({ status }) => status !== 'void').reduce((all, invoice) => all + totalOf(invoice), 0n);
  const earned = r.total(['revenue', 'deferred_revenue', 'tax'].map((account) => r.of(of(account))));
  expect(r.text(earned)).toBe(r.text(r.of(world.money(world.noted() - asked))));
}

/** Every accepted event is in exactly one class. */
async function expectEveryEventOnce(world: BillingWorld): Promise<void> {
  const range = 'from=2023-01-01T00:00:00Z&to=2029-01-01T00:00:00Z';
  const { classes, allEvents } = await world.get(`/v1/customers/customer/usage-ledger?${range}`);

  expect([counted(classes), allEvents.events]).toEqual([world.model.events.length, world.model.events.length]);
  const voided = classes.filter((each: Body) => each.class === 'voided');
  const isVoid = world.model.events.filter((event) => event.isVoid).length;
  expect(counted(voided)).toBe(isVoid);
}

const counted = (classes: readonly { events: number }[]): number =>
  classes.reduce((sum, { events }) => sum + events, 0);

/** The rows of a line add up to it, and the events behind it are as many as it says. */
async function expectExplained(world: BillingWorld, invoices: readonly Body[]): Promise<void> {
  const lines = invoices.flatMap((invoice) => invoice.lines.map((line: Body) => ({ invoice, line })));
  // The newest few; the others were looked at before.
  for (const { invoice, line } of lines.slice(-3)) {
    const told = await world.get(`/v1/invoices/${invoice.id}/lines/${line.id}/explain?limit=200`);
    expect(told.steps.length).toBeGreaterThan(0);
    const rows = r.total(told.breakdown.map(({ amount }: Body) => r.of(amount)));
    if (told.breakdown.length > 0 && line.kind === 'price') {
      expect([line.key, r.text(rows)]).toEqual([line.key, r.text(r.of(line.exactAmount))]);
    }
    if (line.kind === 'price') expect(told.events.items.length).toBe(Math.min(told.events.count, 200));
  }
}
