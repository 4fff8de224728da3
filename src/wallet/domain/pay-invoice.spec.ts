import fc from 'fast-check';
import { Decimal, decimalText, sum, ZERO } from '../../kernel';
import { type BurnedUsage, chargedFor, giveBackInvoice, payInvoice } from './pay-invoice';
import { grant } from './prepaid/some-grants';
import { type Burn, type Grant, NO_TOTALS } from './prepaid';
import { burnOf, grantTo, type WalletEntry } from './wallet-moves';
import { reserve } from './wallet-reserve';
import type { LockedWallet } from './wallet-state';

const AT = new Date('2026-03-01T00:00:00Z');
const d = (text: string): Decimal => new Decimal(text);

function wallet(grants: readonly Grant[], limit = '0'): LockedWallet {
  const empty: LockedWallet = {
    id: 'w',
    key: 'w',
    customerId: 'c',
    currency: 'USD',
    unit: null,
    burns: new Map(),
    whenEmpty: 'refuse',
    measure: 'money',
    booksCurrency: 'USD',
    testNow: null,
    grants: [],
    overdraft: { overdrawn: ZERO, limit: d(limit) },
    settled: ZERO,
    held: ZERO,
    heldBy: [],
    changed: false,
    totals: NO_TOTALS,
    earnedBooked: ZERO,
  };
  for (const each of grants) grantTo(empty, each, each.grantedAt);
  return empty;
}

/** Burns for usage of features, as it comes, and says what was burned for each. */
function use(of: LockedWallet, usage: readonly (readonly [string | null, string])[]): BurnedUsage[] {
  const entries = usage.flatMap(([feature, amount], place) =>
    burnOf(of, d(amount), {
      source: { kind: 'spend', id: String(place) },
      feature,
      period: { subscriptionId: 's', index: 0 },
      at: AT,
    }),
  );
  const features = [...new Set(usage.map(([feature]) => feature))];
  return features.map((feature) => ({
    subscriptionId: 's',
    periodIndex: 0,
    feature,
    burned: burnedBy(entries.filter((entry) => entry.feature === feature)),
  }));
}

function burnedBy(entries: readonly WalletEntry[]): Burn {
  const ids = [...new Set(entries.flatMap(({ grantId }) => grantId ?? []))];
  const taken = (of: (entry: WalletEntry) => boolean): Decimal =>
    sum(entries.filter(of).map(({ amount }) => amount)).negated();
  return {
    pieces: ids
      .map((id) => ({ grant: id, amount: taken(({ grantId }) => grantId === id) }))
      .filter(({ amount }) => !amount.isZero()),
    overdraft: taken(({ kind }) => kind === 'overdraft'),
    uncovered: taken(({ kind }) => kind === 'uncovered'),
  };
}

const lefts = (of: LockedWallet): string => of.grants.map(({ id, left }) => `${id} ${decimalText(left)}`).join(', ');

it.each`
  credit                    | usage                               | due        | net        | applied    | left               | because
  ${{ a: '15' }}            | ${[[null, '10.0045']]}              | ${'18'}    | ${'15'}    | ${'15'}    | ${'a 0'}           | ${'all of it, with fees and tax'}
  ${{ a: '50' }}            | ${[[null, '10.0045']]}              | ${'10'}    | ${'10'}    | ${'10'}    | ${'a 40'}          | ${'less than half a cent goes back'}
  ${{ a: '50' }}            | ${[[null, '10.0055']]}              | ${'10.01'} | ${'10.01'} | ${'10.01'} | ${'a 39.99'}       | ${'a little more is burned'}
  ${{ a: '10.0345' }}       | ${[[null, '3']]}                    | ${'20'}    | ${'20'}    | ${'10.03'} | ${'a 0.0045'}      | ${'what is left of a cent stays'}
  ${{ a: '2.005' }}         | ${[[null, '2.005']]}                | ${'5'}     | ${'5'}     | ${'2'}     | ${'a 0.005'}       | ${'half a cent of what was burned goes back'}
  ${{ a: '5' }}             | ${[]}                               | ${'3'}     | ${'3'}     | ${'3'}     | ${'a 2'}           | ${'fees alone'}
  ${{}}                     | ${[[null, '3']]}                    | ${'3'}     | ${'3'}     | ${'0'}     | ${''}              | ${'no credit'}
  ${{ a: '5', b: '5' }}     | ${[[null, '7']]}                    | ${'4'}     | ${'4'}     | ${'4'}     | ${'a 1, b 5'}      | ${'a discount: what was burned last goes back first'}
  ${{ chat: '10', a: '1' }} | ${[['chat', '8'], ['images', '2']]} | ${'12'}    | ${'10'}    | ${'10.6'}  | ${'chat 0.4, a 0'} | ${'credit for chat pays 9.60, chat’s part with its tax; the other dollar pays for images'}
  ${{ chat: '10' }}         | ${[['images', '2']]}                | ${'5'}     | ${'5'}     | ${'0'}     | ${'chat 10'}       | ${'credit for chat pays no images and no fees'}
`('$due due: $because', ({ credit, usage, due, net, applied, left }) => {
  const grants = Object.entries(credit as Record<string, string>).map(([id, amount], place) =>
    grant(id, amount, { features: id === 'chat' ? ['chat'] : null, priority: place }),
  );
  const paid = wallet(grants);
  const burned = use(paid, usage);
  const outcome = payInvoice(paid, { id: 'i', due: d(due), net: d(net), usage: burned, covered: [] }, AT);
  expect(outcome.applied.toFixed()).toBe(applied);
  expect(lefts(paid)).toBe(left);
});

it('takes nothing that a hold has set aside, and keeps what was burned before', () => {
  const held = wallet([grant('a', '20')]);
  const usage = use(held, [[null, '4']]);
  reserve(held, null, d('10'));
  const { applied } = payInvoice(held, { id: 'i', due: d('18'), net: d('18'), usage, covered: [] }, AT);
  expect(applied.toFixed()).toBe('10');
  expect(held.settled.toFixed()).toBe('10');
});

it('asks for what took the wallet below zero', () => {
  const below = wallet([grant('a', '5')], '10');
  const usage = use(below, [[null, '8']]);
  expect(below.settled.toFixed()).toBe('-3');
  const { applied } = payInvoice(below, { id: 'i', due: d('8'), net: d('8'), usage, covered: [] }, AT);
  expect([applied, below.settled, below.overdraft.overdrawn].map(decimalText)).toEqual(['5', '0', '0']);
});

it('takes what has covered an overdraft since for the invoice', () => {
  const below = wallet([grant('a', '5')], '10');
  const usage = use(below, [[null, '8']]);
  grantTo(below, grant('b', '4'), AT);
  expect(lefts(below)).toBe('a 0, b 1');
  const covered = [{ grant: 'b', amount: d('3') }];
  const { applied } = payInvoice(below, { id: 'i', due: d('8'), net: d('8'), usage, covered }, AT);
  expect([applied.toFixed(), below.settled.toFixed(), lefts(below)]).toEqual(['8', '1', 'a 0, b 1']);
});

it('a void invoice is shared once more as it was: what no credit paid waits too', () => {
  const own = wallet([grant('chat', '20', { features: ['chat'] })]);
  const usage = use(own, [
    ['chat', '4.5'],
    ['images', '4.5'],
  ]);
  // 9.00 of usage, 5.00 of fees, 19 % of tax: a little less than a third is chat's.
  const invoice = { due: d('16.66'), net: d('14'), covered: [] };
  const first = payInvoice(own, { ...invoice, id: 'i', usage }, AT);
  expect([first.applied.toFixed(), lefts(own)]).toEqual(['5.36', 'chat 14.64']);

  const taken = usage.map(({ burned: charged, ...each }) => ({
    usage: each,
    burned: burnedBy(
      first.entries.filter(({ source, feature }) => source.kind === 'invoice' && feature === each.feature),
    ),
    charged: chargedFor(charged),
  }));
  const back = giveBackInvoice(own, 'i', taken, AT);
  expect([back.amount.toFixed(), lefts(own)]).toEqual(['5.36', 'chat 20']);
  const waiting = usage.map((each) => ({
    ...each,
    burned: burnedBy(
      back.entries.filter(({ source, feature }) => source.kind === 'applied' && feature === each.feature),
    ),
  }));
  expect(payInvoice(own, { ...invoice, id: 'j', usage: waiting }, AT).applied.toFixed()).toBe('5.36');
});

it('of an invoice that was paid otherwise, what its usage burned goes back', () => {
  const own = wallet([grant('a', '5')]);
  const usage = use(own, [['chat', '3']]);
  const { applied } = payInvoice(own, { id: 'i', due: ZERO, net: d('3'), usage, covered: [] }, AT);
  expect([applied.toFixed(), lefts(own)]).toEqual(['0', 'a 5']);
});

const cents = (most: number) => fc.integer({ min: 0, max: most }).map((units) => new Decimal(units).dividedBy(100));
const tiny = fc.integer({ min: 0, max: 5_000_000 }).map((units) => new Decimal(units).dividedBy('100000'));
const features = fc.constantFrom('chat', 'images', null);

it('whatever was burned: applied and due add up in cents, the wallet is the sum of its entries, and voiding undoes it', () => {
  const aGrant = fc.record({ amount: tiny, scope: features, priority: fc.integer({ min: 0, max: 2 }) });
  fc.assert(
    fc.property(
      fc.array(aGrant, { maxLength: 4 }),
      fc.array(fc.tuple(features, tiny), { maxLength: 5 }),
      cents(12_000),
      cents(12_000),
      fc.integer({ min: 0, max: 20 }),
      (grants, usages, due, net, limit) => {
        fc.pre(due.greaterThan(0));
        const given = grants
          .filter(({ amount }) => amount.greaterThan(0))
          .map(({ amount, scope, priority }, place) =>
            grant(`g${place}`, amount.toFixed(), { cost: null, priority, features: scope === null ? null : [scope] }),
          );
        const paid = wallet(given, String(limit));
        const usage = use(
          paid,
          usages.filter(([, amount]) => amount.greaterThan(0)).map(([feature, amount]) => [feature, amount.toFixed()]),
        );
        const before = paid.settled;
        const { applied, entries } = payInvoice(paid, { id: 'i', due, net, usage, covered: [] }, AT);

        expect(applied.decimalPlaces()).toBeLessThanOrEqual(2);
        expect(applied.lessThan(0) || applied.greaterThan(due)).toBe(false);
        expect(decimalText(paid.totals.applied)).toBe(decimalText(applied));
        const moved = sum(entries.filter(({ kind }) => kind !== 'uncovered').map(({ amount }) => amount));
        expect(decimalText(paid.settled)).toBe(decimalText(before.plus(moved)));
        expect(paid.overdraft.overdrawn.toFixed()).toBe('0');
        const granted = sum(given.map(({ amount }) => amount));
        expect(decimalText(granted)).toBe(decimalText(paid.settled.plus(applied)));
        expect(decimalText(sum(paid.grants.map(({ left }) => left)))).toBe(decimalText(paid.settled));

        const own = entries.filter(({ source }) => source.kind === 'invoice');
        const places = [...new Set(own.map(({ feature, period }) => JSON.stringify([feature, period])))];
        const taken = places.map((place) => {
          const [feature, period] = JSON.parse(place) as [string | null, object | null];
          const burned = burnedBy(own.filter((entry) => JSON.stringify([entry.feature, entry.period]) === place));
          const charged = usage.find((each) => period !== null && each.feature === feature)?.burned;
          return {
            usage: period === null ? null : { subscriptionId: 's', periodIndex: 0, feature },
            burned,
            charged: charged === undefined ? ZERO : chargedFor(charged),
          };
        });
        const back = giveBackInvoice(paid, 'i', taken, AT);
        expect(decimalText(back.amount)).toBe(decimalText(applied));
        expect(decimalText(paid.settled)).toBe(decimalText(granted));
        expect(paid.totals.applied.toFixed()).toBe('0');
        // What usage was charged is told again as not covered, whatever the invoice asked for it.
        expect(back.entries.some(({ kind }) => kind === 'overdraft')).toBe(false);
      },
    ),
    { numRuns: 500 },
  );
});
