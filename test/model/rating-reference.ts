/**
 * A second way to rate, written to be obviously right rather than fast or friendly, and sharing nothing with `src/`:
 * numbers are fractions of two BigInts, a price is a function that says what the unit at a given place costs, and an
 * amount is that function added up over all places from zero to the quantity. Every figure comes in and goes out as
 * decimal text.
 */
export type ReferenceCharge =
  | { model: 'flat'; amount: string }
  | { model: 'unit'; unitPrice: string }
  | { model: 'graduated'; tiers: { upTo: string | null; unitPrice: string; flatFee?: string }[] }
  | { model: 'consumption_margin'; markupPercent: string };

export interface ReferencePrice {
  charge: ReferenceCharge;
  allowance: string | null;
}

export interface ReferenceUsage {
  quantity: string;
  cost: string;
}

/** A fraction; the denominator is above zero. It need not be in lowest terms. */
export interface Rational {
  numerator: bigint;
  denominator: bigint;
}

const rational = (numerator: bigint, denominator = 1n): Rational => ({ numerator, denominator });
const ZERO = rational(0n);

export function toRational(text: string): Rational {
  const [integer = '', fraction = ''] = text.split('.');
  return rational(BigInt(integer + fraction), 10n ** BigInt(fraction.length));
}

function plus(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

function minus(a: Rational, b: Rational): Rational {
  return plus(a, rational(-b.numerator, b.denominator));
}

function times(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.numerator, a.denominator * b.denominator);
}

/** Below, at or above zero when a is less than, equal to or more than b. */
function compare(a: Rational, b: Rational): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export function areEqual(a: Rational, b: Rational): boolean {
  return compare(a, b) === 0;
}

/** The exact amount that a price charges for a usage. */
export function referenceAmount(price: ReferencePrice, usage: ReferenceUsage): Rational {
  const { charge } = price;
  if (charge.model === 'flat') return toRational(charge.amount);
  if (charge.model === 'consumption_margin') {
    const factor = plus(rational(1n), times(toRational(charge.markupPercent), rational(1n, 100n)));
    return times(toRational(usage.cost), factor);
  }

  const quantity = toRational(usage.quantity);
  const free = price.allowance === null ? ZERO : toRational(price.allowance);
  const units = addUp(quantity, edges(charge, free), (place) => priceOfUnitAt(place, charge, free));
  return plus(units, fees(charge, minus(quantity, free)));
}

/** Places at which the price of a unit may change. */
function edges(charge: ReferenceCharge, free: Rational): Rational[] {
  const bounds = charge.model === 'graduated' ? charge.tiers.flatMap(({ upTo }) => (upTo === null ? [] : [upTo])) : [];
  return [free, ...bounds.map((upTo) => plus(free, toRational(upTo)))];
}

function priceOfUnitAt(place: Rational, charge: ReferenceCharge, free: Rational): Rational {
  if (compare(place, free) < 0) return ZERO;
  if (charge.model === 'unit') return toRational(charge.unitPrice);
  if (charge.model !== 'graduated') throw new Error(`${charge.model} has no price for a unit`);
  for (const { upTo, unitPrice } of charge.tiers) {
    if (upTo === null || compare(place, plus(free, toRational(upTo))) <= 0) return toRational(unitPrice);
  }
  throw new Error('the last tier is not open');
}

/** Sums the price over all places from zero to the quantity: between two edges it is the same everywhere. */
function addUp(quantity: Rational, at: Rational[], priceAt: (place: Rational) => Rational): Rational {
  const within = at.filter((edge) => compare(edge, ZERO) > 0 && compare(edge, quantity) < 0);
  const stops = [ZERO, ...within, quantity].sort(compare);
  let total = ZERO;
  for (let stop = 1; stop < stops.length; stop += 1) {
    const [left, right] = [stops[stop - 1]!, stops[stop]!];
    const middle = times(plus(left, right), rational(1n, 2n));
    total = plus(total, times(minus(right, left), priceAt(middle)));
  }
  return total;
}

/** The flat fee of the first tier, always, and of each tier that begins below the billable quantity. */
function fees(charge: ReferenceCharge, billable: Rational): Rational {
  if (charge.model !== 'graduated') return ZERO;
  let total = ZERO;
  charge.tiers.forEach(({ flatFee = '0' }, index) => {
    const begin = charge.tiers[index - 1]?.upTo;
    const reached = begin === undefined || begin === null || compare(billable, toRational(begin)) > 0;
    if (reached) total = plus(total, toRational(flatFee));
  });
  return total;
}

/** The amount as an invoice line shows it: rounded half away from zero to so many decimals. */
export function referenceLine(amount: Rational, decimals: number): string {
  const scale = 10n ** BigInt(decimals);
  const size = amount.numerator < 0n ? -amount.numerator : amount.numerator;
  const units = (2n * size * scale + amount.denominator) / (2n * amount.denominator);
  const digits = units.toString().padStart(decimals + 1, '0');
  const sign = amount.numerator < 0n && units !== 0n ? '-' : '';
  const integer = digits.slice(0, digits.length - decimals);
  return decimals === 0 ? sign + integer : `${sign}${integer}.${digits.slice(-decimals)}`;
}
