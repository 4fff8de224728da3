import { Decimal, HUNDRED, invariant, sum, ZERO } from '../../kernel';
import { looksAtTransactions, type PercentageCharge } from '../../catalog/domain';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';
import { counted, shown } from './shown';
import type { Transaction, UsageToRate } from './usage';

/**
 * Charges a share of a value, and what is said for each transaction:
 *
 * ```
 * transaction ─► free part ─► percent × rest + fixed ─► at least the minimum, at most the maximum
 * ```
 *
 * 1.5 % + 0.25 on 100.00 and 10.00 → 1.65 (percentage) + 0.50 (fixed);  with at most 1.50 each: 0.25 less.
 *
 * The free part is used up by the largest transactions first, so that the charge is the same in whichever order events
 * come in; `earliest` goes by event time, then key. A transaction is free while fewer than `freeEvents` were and its
 * value fits in what is left of `freeAmount`; a limit that isn't given doesn't limit. One that fits only in part uses
 * up what is left, counts as one of `freeEvents`, and pays on the rest, with the fixed part. One that pays is never
 * below `minPerEvent` and never above `maxPerEvent`.
 *
 * Where nothing is said by transaction, the period's value is all that is needed: max(0, value − freeAmount) × percent.
 *
 * @param charge as `chargeProblems` demands
 * @param usage  the value of the period in the price's currency, and its transactions where `looksAtTransactions`
 * @returns      a row for what is free, one for the percentage, one for the fixed parts, and one each for what the
 *               minimum adds and the maximum takes off, unrounded; none for no transaction
 * @throws       NegativeQuantityError when the value, or that of a transaction that is looked at, is below zero
 * @see          docs/pricing/percentage.md and docs/decisions/percentage-free-part.md
 */
export function chargePercentage(
  charge: PercentageCharge,
  { quantity, events, transactions }: Pick<UsageToRate, 'quantity' | 'transactions'> & { readonly events?: number },
): BreakdownRow[] {
  refuseNegative(quantity);
  if (!looksAtTransactions(charge)) return percentageOfSum(charge, quantity);

  invariant(transactions !== undefined || (quantity.isZero() && !events), 'transactions are given where they matter');
  return percentageOfEach(charge, transactions ?? []);
}

function percentageOfSum({ percent, freeAmount = ZERO }: PercentageCharge, value: Decimal): BreakdownRow[] {
  const free = Decimal.min(value, freeAmount);
  return [...freeRow(free, null), ...percentRow(value.minus(free), percent, free)];
}

function percentageOfEach(charge: PercentageCharge, transactions: readonly Transaction[]): BreakdownRow[] {
  const { percent, fixedPerEvent = ZERO } = charge;
  const { free, freeCount, rests } = takeFreePart(charge, transactions);
  return [
    ...freeRow(free, freeCount),
    ...percentRow(sum(rests), percent, free),
    ...(fixedPerEvent.isZero() || rests.length === 0 ? [] : [fixedRow(rests.length, fixedPerEvent)]),
    ...boundRows(charge, rests),
  ];
}

/** What is free, and what each of the other transactions pays the percentage of. */
function takeFreePart(
  { freeEvents, freeAmount, freeFirst = 'largest' }: PercentageCharge,
  transactions: readonly Transaction[],
): { free: Decimal; freeCount: number; rests: Decimal[] } {
  for (const { value } of transactions) refuseNegative(value, 'transaction');
  if (freeEvents === undefined && freeAmount === undefined) {
    return { free: ZERO, freeCount: 0, rests: transactions.map(({ value }) => value) };
  }

  let free = ZERO;
  let freeCount = 0;
  let eventsLeft = freeEvents ?? Infinity;
  let amountLeft = freeAmount ?? null;
  const rests: Decimal[] = [];
  for (const { value } of [...transactions].sort(freeFirst === 'largest' ? byValue : byTime)) {
    if (eventsLeft === 0 || (amountLeft?.isZero() && !value.isZero())) {
      rests.push(value);
      continue;
    }
    const covered: Decimal = amountLeft === null ? value : Decimal.min(value, amountLeft);
    free = free.plus(covered);
    amountLeft &&= amountLeft.minus(covered);
    eventsLeft -= 1;
    if (covered.equals(value)) freeCount += 1;
    else rests.push(value.minus(covered));
  }
  return { free, freeCount, rests };
}

/** Which of two equal values comes first changes nothing. */
function byValue(a: Transaction, b: Transaction): number {
  return b.value.comparedTo(a.value);
}

function byTime(a: Transaction, b: Transaction): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

function freeRow(free: Decimal, transactions: number | null): BreakdownRow[] {
  if (free.isZero() && !transactions) return [];
  const among = transactions === null ? '' : `, with ${counted(transactions, 'whole transaction')} in it`;
  return [
    {
      ...NO_STRETCH,
      kind: 'free',
      description: `Free of charge${among}`,
      quantity: free,
      unitPrice: ZERO,
      amount: ZERO,
    },
  ];
}

function percentRow(value: Decimal, percent: Decimal, free: Decimal): BreakdownRow[] {
  if (value.isZero()) return [];
  // Dividing by a hundred moves the point, so nothing is rounded here.
  const share = percent.dividedBy(HUNDRED);
  return [
    {
      ...NO_STRETCH,
      kind: 'percentage',
      description: `${shown(percent)}% of the ${free.isZero() ? '' : 'rest of the '}value`,
      quantity: value,
      unitPrice: share,
      amount: value.times(share),
    },
  ];
}

function fixedRow(transactions: number, fixed: Decimal): BreakdownRow {
  const quantity = new Decimal(transactions);
  return {
    ...NO_STRETCH,
    kind: 'fixed_fee',
    description: `${shown(fixed)} for each transaction`,
    quantity,
    unitPrice: fixed,
    amount: quantity.times(fixed),
  };
}

/** What the minimum adds to the transactions below it, and the maximum takes off those above it: a row for each. */
function boundRows(charge: PercentageCharge, rests: readonly Decimal[]): BreakdownRow[] {
  const { percent, fixedPerEvent = ZERO, minPerEvent, maxPerEvent } = charge;
  if (minPerEvent === undefined && maxPerEvent === undefined) return [];

  // A transaction is looked at once: there may be a million of them.
  const share = percent.dividedBy(HUNDRED);
  const lifted: Decimal[] = [];
  const lowered: Decimal[] = [];
  for (const rest of rests) {
    const pays = rest.times(share).plus(fixedPerEvent);
    if (minPerEvent !== undefined && pays.lessThan(minPerEvent)) lifted.push(minPerEvent.minus(pays));
    else if (maxPerEvent !== undefined && pays.greaterThan(maxPerEvent)) lowered.push(maxPerEvent.minus(pays));
  }
  return [
    ...boundRow('minimum', `The least of ${shown(minPerEvent ?? ZERO)} for a transaction lifts`, lifted),
    ...boundRow('maximum', `The most of ${shown(maxPerEvent ?? ZERO)} for a transaction lowers`, lowered),
  ];
}

function boundRow(kind: 'minimum' | 'maximum', does: string, differences: readonly Decimal[]): BreakdownRow[] {
  if (differences.length === 0) return [];
  return [
    {
      ...NO_STRETCH,
      kind,
      description: `${does} ${counted(differences.length, 'transaction')}`,
      quantity: new Decimal(differences.length),
      unitPrice: null,
      amount: sum(differences),
    },
  ];
}

const NO_STRETCH = { from: null, upTo: null } as const;
