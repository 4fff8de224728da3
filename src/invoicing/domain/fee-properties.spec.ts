import fc from 'fast-check';
import type { Charge, Plan, Proration } from '../../catalog/domain';
import type { Ending, Override, Pause, Phase, SubscriptionInTime } from '../../customers/domain';
import { billingPeriod, Decimal, roundToMinorUnit, sum, ZERO } from '../../kernel';
import { feePieces } from './fee-pieces';
import type { BilledFee } from './fee';
import { feeLines } from './fees';

const DAY_MS = 86_400_000;
const START = Date.parse('2026-01-15T00:00:00Z');
/** Days that commands speak of, and that are recounted by hand. */
const DAYS = 120;
const at = (day: number): Date => new Date(START + day * DAY_MS);
const seed = Number(process.env.MODEL_SEED ?? Date.now() % 2 ** 31);

const flat = (amount: number): Charge => ({ model: 'flat', amount: new Decimal(amount).dividedBy(100) });
const AMOUNTS = [1000, 3000, 9999, 1, 33_333];
const seats = (quantity: number): Charge => ({
  model: 'recurring',
  unitPrice: new Decimal('7.77'),
  quantity: new Decimal(quantity),
});

function planOf(which: number, proration: Proration): Plan {
  const id = `plan-${which}`;
  const price = (key: string, charge: Charge, every?: number): Plan['prices'][number] => ({
    id: `${id}-${key}`,
    key,
    name: key,
    meterId: null,
    allowance: null,
    charge,
    terms: { billing: { in: 'advance', ...(every === undefined ? {} : { every }) } },
  });
  const prices = [
    price('base', flat(AMOUNTS[which]!)),
    ...(which % 2 === 0 ? [price('quarterly', flat(AMOUNTS[which]! * 3), 3)] : []),
    ...(which < 3 ? [price('seats', seats(which + 1))] : []),
  ];
  const terms = { proration };
  return { id, key: 'pro', version: which + 1, name: 'Pro', currency: 'USD', interval: 'month', status: 'published', prices, terms }; // prettier-ignore
}

/** What can happen to a subscription, in whichever order; each is known from the day it is asked on. */
type Change =
  | { readonly kind: 'plan'; readonly day: number; readonly which: number }
  | { readonly kind: 'seats'; readonly day: number; readonly days: number; readonly quantity: number }
  | { readonly kind: 'pause'; readonly day: number; readonly days: number; readonly bills: Pause['bills'] }
  | { readonly kind: 'end'; readonly day: number; readonly asked: number; readonly settle: Ending['settle'] };

const day = fc.integer({ min: 0, max: DAYS });
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('plan' as const), day, which: fc.nat(AMOUNTS.length - 1) }),
  fc.record({ kind: fc.constant('seats' as const), day, days: fc.integer({ min: 1, max: 60 }), quantity: fc.nat(9) }),
  fc.record({
    kind: fc.constant('pause' as const),
    day,
    days: fc.integer({ min: 1, max: 60 }),
    bills: fc.constantFrom('nothing' as const, 'base_fee' as const),
  }),
  fc.record({
    kind: fc.constant('end' as const),
    day: fc.integer({ min: 1, max: DAYS }),
    asked: day,
    settle: fc.constantFrom('invoice' as const, 'invoice_and_credit' as const, 'nothing' as const),
  }),
);
const proration = fc.constantFrom<Proration>('second', 'day', 'none');
const timeZone = fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Auckland');

function subscribed(changes: readonly Change[], mode: Proration, zone: string): SubscriptionInTime {
  const phases = new Map<number, Phase>([[START, { fromAt: at(0), plan: planOf(0, mode), moveId: null }]]);
  const overrides: Override[] = [];
  const pauses: Pause[] = [];
  let ending: Ending | null = null;
  for (const one of changes) {
    const fromAt = at(one.day);
    if (one.kind === 'plan') phases.set(fromAt.getTime(), { fromAt, plan: planOf(one.which, mode), moveId: null });
    if (one.kind === 'end')
      ending = { endAt: fromAt, cancelledAt: at(Math.min(one.asked, one.day)), settle: one.settle };
    if (one.kind !== 'seats' && one.kind !== 'pause') continue;
    const toAt = at(one.day + one.days);
    const taken = (each: { fromAt: Date; toAt: Date | null }): boolean => each.fromAt < toAt && each.toAt! > fromAt;
    if (one.kind === 'pause' && !pauses.some(taken)) pauses.push({ id: '', fromAt, toAt, bills: one.bills });
    if (one.kind === 'seats' && !overrides.some(taken)) {
      const definition = { quantity: new Decimal(one.quantity) };
      overrides.push({ id: '', priceKey: 'seats', definition, fromAt, toAt, reason: '', createdAt: fromAt });
    }
  }
  return {
    subscription: { startAt: at(0), currency: null },
    customer: { timeZone: zone },
    phases: [...phases.values()].sort((one, other) => one.fromAt.getTime() - other.fromAt.getTime()),
    overrides,
    pauses,
    ending,
  };
}

/** Writes what is missing. A crash is a computation whose lines nobody wrote. */
function write(billed: BilledFee[], about: SubscriptionInTime, asOf: Date, since: Date | null = null): number {
  const lines = feeLines(about, asOf, billed, since);
  for (const { feeId, key, plan, price, description, quantity, exactAmount, amount, servicePeriod, kind } of lines) {
    const stretch = servicePeriod;
    billed.push({ feeId: feeId!, key, plan: plan!, price: price!, description, quantity, exactAmount, amount, stretch, kind: kind as 'price', noted: ZERO, state: 'live', invoice: null }); // prettier-ignore
  }
  return lines.length;
}

function byFee(fees: readonly { readonly feeId: string; readonly amount: Decimal }[]): Map<string, string> {
  const sums = new Map<string, Decimal>();
  for (const { feeId, amount } of fees) sums.set(feeId, amount.plus(sums.get(feeId) ?? 0));
  return new Map([...sums].filter(([, amount]) => !amount.isZero()).map(([id, amount]) => [id, amount.toFixed()]));
}

const settings = { seed, numRuns: 40 };
const history = fc.array(change, { maxLength: 6 });

it(`what is written for a fee is what should exist of it, however it came about (seed ${seed})`, () => {
  fc.assert(
    fc.property(history, proration, timeZone, fc.array(day, { maxLength: 5 }), (changes, mode, zone, asked) => {
      const billed: BilledFee[] = [];
      const looks = [...asked, DAYS].sort((one, other) => one - other);
      for (const [index, look] of looks.entries()) {
        // Changes become known one after the other.
        const known = changes.slice(0, Math.ceil((changes.length * (index + 1)) / looks.length));
        const about = subscribed(known, mode, zone);
        write(billed, about, at(look));
        expect(write(billed, about, at(look))).toBe(0);
        expect(byFee(billed)).toEqual(byFee(feePieces(about, at(look))));
      }
    }),
    settings,
  );
});

it(`month after month, a look at the month that ends finds all there is (seed ${seed})`, () => {
  fc.assert(
    fc.property(history, proration, timeZone, (changes, mode, zone) => {
      const anchor = { startAt: at(0), timeZone: zone, interval: 'month' } as const;
      const billed: BilledFee[] = [];
      for (let month = 0; month < 4; month += 1) {
        const { start, end } = billingPeriod(anchor, month);
        // Nothing changes in a month that is over: what is asked then is known by its end.
        const known = changes.filter((one) => 'asked' in one || at(one.day).getTime() < end.getTime());
        const about = subscribed(
          known.toSorted((one, other) => one.day - other.day),
          mode,
          zone,
        );
        if (month === 0) write(billed, about, start);
        write(billed, about, end, start);
        expect(feeLines(about, end, billed)).toEqual([]);
      }
    }),
    settings,
  );
});

it(`one more change, and back, comes to what there was (seed ${seed})`, () => {
  fc.assert(
    fc.property(history, change, proration, timeZone, day, (changes, more, mode, zone, look) => {
      const about = subscribed(changes, mode, zone);
      const billed: BilledFee[] = [];
      write(billed, about, at(look));
      const before = byFee(billed);
      write(billed, subscribed([...changes, more], mode, zone), at(look));
      write(billed, about, at(look));
      expect(byFee(billed)).toEqual(before);
    }),
    settings,
  );
});

it(`no credit is larger than what is asked, and rows come to their line (seed ${seed})`, () => {
  fc.assert(
    fc.property(history, history, proration, day, (changes, others, mode, look) => {
      const billed: BilledFee[] = [];
      write(billed, subscribed(changes, mode, 'UTC'), at(look));
      const about = subscribed(others, mode, 'UTC');
      const asked = new Map(billed.map(({ feeId, amount }) => [feeId, amount]));
      for (const { kind, feeId, amount, breakdown, exactAmount } of feeLines(about, at(look), billed)) {
        if (kind === 'credit') expect(amount.negated().lessThanOrEqualTo(asked.get(feeId!)!)).toBe(true);
        else expect(amount.lessThan(0)).toBe(false);
        const rows = sum(breakdown.map((row) => row.amount));
        expect(rows.minus(exactAmount).abs().lessThan('1e-60')).toBe(true);
      }
    }),
    settings,
  );
});

it(`a month has one price at a time: parts by the second come to what a recount by days says (seed ${seed})`, () => {
  fc.assert(
    fc.property(history, (changes) => {
      const about = subscribed(changes.filter(({ kind }) => kind !== 'end'), 'second', 'UTC'); // prettier-ignore
      const pieces = feePieces(about, at(DAYS)).filter(({ key }) => key === 'base');
      const found = pieces.map(
        ({ stretch, amount }) => `${(stretch.start.getTime() - START) / DAY_MS} ${amount.toFixed(2)}`,
      );
      expect(found).toEqual(recount(about));
    }),
    settings,
  );
});

/** The base fee, recounted day by day: what holds on a day pays for it, and days that follow each other at one price are a piece. */
function recount(about: SubscriptionInTime): string[] {
  const anchor = { startAt: at(0), timeZone: 'UTC', interval: 'month' } as const;
  const found: string[] = [];
  for (let month = 0; billingPeriod(anchor, month).start.getTime() <= at(DAYS).getTime(); month += 1) {
    const { start, end } = billingPeriod(anchor, month);
    const whole = (end.getTime() - start.getTime()) / DAY_MS;
    const first = (start.getTime() - START) / DAY_MS;
    let piece: { from: number; price: Decimal | null; days: number } | null = null;
    for (let each = first; each <= first + whole; each += 1) {
      const price = each === first + whole ? null : priceOn(about, each);
      if (piece !== null && samePrice(piece.price, price) && each < first + whole) {
        piece.days += 1;
        continue;
      }
      if (piece?.price) found.push(`${piece.from} ${cents(piece.price.times(piece.days).dividedBy(whole))}`);
      piece = { from: each, price, days: 1 };
    }
  }
  return found;
}

function cents(amount: Decimal): string {
  return roundToMinorUnit(amount, 'USD').toFixed(2);
}

function samePrice(one: Decimal | null, other: Decimal | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}

/** What the base fee is on a day; null in a pause that bills nothing. */
function priceOn({ phases, pauses = [] }: SubscriptionInTime, which: number): Decimal | null {
  const now = at(which);
  if (pauses.some(({ fromAt, toAt, bills }) => bills === 'nothing' && fromAt <= now && now < toAt!)) return null;
  const { plan } = phases.findLast(({ fromAt }) => fromAt <= now)!;
  const charge = plan.prices.find(({ key }) => key === 'base')!.charge;
  return charge.model === 'flat' ? charge.amount : null;
}
