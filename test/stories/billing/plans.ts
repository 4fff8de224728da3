import type { PlanRequest, PriceRequest } from './world';

/** The prices and plans that stories are about, in the words of the API. */
type More = Readonly<Record<string, unknown>>;

/** A base fee, billed when its period has ended. */
export const fee = (amount: string, more: More = {}): PriceRequest => ({
  key: 'base',
  name: 'Base fee',
  charge: { model: 'flat', amount },
  ...more,
});

/** A base fee, billed ahead. */
export const feeAhead = (amount: string, more: More = {}): PriceRequest =>
  fee(amount, { billing: { in: 'advance' }, ...more });

export const calls = (unitPrice: string, more: More = {}): PriceRequest => ({
  key: 'calls',
  name: 'Calls',
  meter: 'calls',
  charge: { model: 'unit', unitPrice },
  ...more,
});

export const tokens = (unitPrice: string, more: More = {}): PriceRequest => ({
  ...calls(unitPrice, more),
  key: 'tokens',
  name: 'Tokens',
  meter: 'tokens',
});

/** The first so many at one price, all further ones at another. */
export const tieredCalls = (upTo: string, first: string, further: string, more: More = {}): PriceRequest => ({
  ...calls('0', more),
  charge: {
    model: 'graduated',
    tiers: [
      { upTo, unitPrice: first },
      { upTo: null, unitPrice: further },
    ],
  },
});

/** Seats at a price each, billed ahead unless told otherwise. */
export const seats = (unitPrice: string, quantity: string, more: More = {}): PriceRequest => ({
  key: 'seats',
  name: 'Seats',
  charge: { model: 'recurring', unitPrice, quantity, proration: 'time' },
  billing: { in: 'advance' },
  ...more,
});

/** A monthly plan in US dollars, unless told otherwise. */
export const plan = (key: string, prices: readonly PriceRequest[], more: More = {}): PlanRequest => ({
  key,
  name: key,
  currency: 'USD',
  interval: 'month',
  ...more,
  prices,
});

const UNITS: Readonly<Record<string, string>> = { half_year: 'half-year' };

/** What a plan says, in a sentence for the reader. */
export function inPlain({ key, currency, interval, intervalCount, prices, ...terms }: PlanRequest): string {
  const unit = UNITS[interval] ?? interval;
  const length = intervalCount === undefined ? `a ${unit}` : `every ${plainly(intervalCount)} ${unit}s`;
  const { name: _name, ...others } = terms;
  const around = Object.entries(others).map(([term, value]) => `${inTerms(term)}: ${plainly(value)}`);
  return `**${key}** (${currency}, ${length}): ${[...prices.map(priceInPlain), ...around].join('; ')}.`;
}

function priceInPlain({ name, charge, allowance, billing, key: _key, meter: _meter, ...terms }: PriceRequest): string {
  const free = allowance === undefined ? '' : `, ${plainly(allowance)} included`;
  const { every } = (billing ?? {}) as { every?: number };
  const ahead = billing === undefined ? '' : every === undefined ? ' in advance' : ` in advance for ${every} periods`;
  const others = Object.entries(terms).map(([term, value]) => `, ${inTerms(term)}: ${plainly(value)}`);
  return `${name} ${chargeInPlain(charge)}${free}${ahead}${others.join('')}`;
}

function chargeInPlain(charge: PriceRequest['charge']): string {
  const { model, amount, unitPrice, quantity, tiers } = charge as Record<string, string> & {
    tiers?: readonly { upTo: string | null; unitPrice: string }[];
  };
  if (model === 'flat') return amount!;
  if (model === 'recurring') return `${quantity!} at ${unitPrice!}`;
  if (tiers !== undefined) {
    return tiers.map((tier) => `${tier.unitPrice} each${tier.upTo === null ? ' beyond' : ` up to ${tier.upTo}`}`).join(', '); // prettier-ignore
  }
  return `${unitPrice!} each`;
}

const inTerms = (term: string): string => term.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const plainly = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? Object.entries(value)
        .map(([name, inner]) => `${inTerms(name)} ${plainly(inner)}`)
        .join(', ')
    : String(value);
