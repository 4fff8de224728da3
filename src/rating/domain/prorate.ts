import { Decimal } from '../../kernel';
import { isWhole, NOTHING_LEFT, type Share } from './model';
import type { BreakdownRow } from './rated-charge';

/** How finely a share of units is kept: as finely as any quantity that comes from outside. */
export const UNIT_DECIMALS = 12;
/** A quotient that comes out even has far fewer digits than the 120 a decimal may have; one that doesn't has them all. */
const COMES_OUT_EVEN = 100;

/** What divisions leave in the last of their 120 digits is behind these decimals. */
const SETTLED_DECIMALS = 95;
/** Products of prices and quantities have no more decimals. */
const PRODUCT_DECIMALS = 70;

/**
 * A sum or a difference of shares without what divisions leave in their last digits: 10/31 and 21/31 of 20.00 are 20.00,
 * and nothing is missing from a minimum of 20.00. What really has no end stays as it is.
 */
export function settled(value: Decimal): Decimal {
  if (value.decimalPlaces() <= SETTLED_DECIMALS) return value;
  const cut = value.toDecimalPlaces(SETTLED_DECIMALS);
  return cut.decimalPlaces() <= PRODUCT_DECIMALS ? cut : value;
}

/**
 * The share of an amount that a part of a billing period has:  20.00 for 10 of 31 days → 6.4516…
 * Multiplied first and divided once, at the very end, so that it is exact whenever it can be.
 *
 * @param amount for the whole billing period
 * @see          docs/decisions/quotients-last.md
 */
export function prorateAmount(amount: Decimal, share: Share): Decimal {
  return isWhole(share) ? amount : amount.times(share.part).dividedBy(share.whole);
}

/**
 * The share of units that a part of a billing period has:  3,000 included for 10 of 31 days → 967.741935483871.
 * It is kept at 12 decimals, half away from zero, like every other quantity: what is charged behind it is then exact,
 * and the invoice can say where it begins.
 *
 * @param units for the whole billing period
 */
export function prorateUnits(units: Decimal, share: Share): Decimal {
  return isWhole(share) ? units : prorateAmount(units, share).toDecimalPlaces(UNIT_DECIMALS, Decimal.ROUND_HALF_UP);
}

/**
 * Rows that are promised for a whole billing period, for a part of it:
 *
 * ```
 * period   |------------------------------|   20.00
 * segment  |---------|                        6.4516…  (10 of 31 days)
 * ```
 *
 * A row has a unit price only if its quantity times that is the amount to the last digit, so a share that doesn't come
 * out even has none.
 */
export function prorateRows(rows: readonly BreakdownRow[], share: Share, text = partText(share)): BreakdownRow[] {
  if (isWhole(share)) return [...rows];
  return rows.map((row) => {
    const amount = prorateAmount(row.amount, share);
    const unitPrice = row.unitPrice === null ? null : prorateAmount(row.unitPrice, share);
    const even = unitPrice !== null && unitPrice.precision() < COMES_OUT_EVEN;
    return {
      ...row,
      description: `${row.description}, ${text}`,
      unitPrice: even ? unitPrice : null,
      amount,
    };
  });
}

function partText(share: Share): string {
  const isPaid = share.part === NOTHING_LEFT.part && share.whole === NOTHING_LEFT.whole;
  return isPaid ? 'paid by the terms that the period began with' : `for ${shareText(share)}`;
}

/** `10 of 31 days`, `5 of 744 hours`; the coarsest unit that says it in whole numbers. */
export function shareText({ part, whole }: Share): string {
  for (const [unit, ms] of UNITS) {
    if (part % ms === 0 && whole % ms === 0) return `${grouped(part / ms)} of ${grouped(whole / ms)} ${unit}`;
  }
  return `${grouped(part)} of ${grouped(whole)} parts of the period`;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
  ['seconds', 1_000],
];

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
