import { type Currency, Decimal, scaledFromDecimal, scaledText } from '../../kernel';

export const MEASURES = ['cost', 'spend', 'units', 'actions'] as const;
export type Measure = (typeof MEASURES)[number];

/**
 * How much of each measure: for a hold, what it says and what its events say. Amounts count 10^-24 (`kernel/scaled`); one
 * that is missing is zero. `cost` is in the organisation's currency of costs.
 */
export interface Amounts {
  readonly cost: bigint;
  readonly actions: bigint;
  readonly spend: ReadonlyMap<Currency, bigint>;
  /** By the meter's uuid, in its unit. */
  readonly units: ReadonlyMap<string, bigint>;
}

export const NO_AMOUNTS: Amounts = { cost: 0n, actions: 0n, spend: new Map(), units: new Map() };

/** One action, as amounts count: what a hold is that doesn't say how many. */
export const ONE_ACTION = 10n ** 24n;

/** What is measured: with a currency for spend, with a meter for units. */
export interface Measured {
  readonly measure: Measure;
  readonly currency: Currency | null;
  readonly meterId: string | null;
}

export function amountOf(amounts: Amounts, { measure, currency, meterId }: Measured): bigint {
  if (measure === 'cost') return amounts.cost;
  if (measure === 'actions') return amounts.actions;
  if (measure === 'spend') return amounts.spend.get(currency ?? '') ?? 0n;
  return amounts.units.get(meterId ?? '') ?? 0n;
}

/** Each amount of both, put together by `join`. */
export function joined(a: Amounts, b: Amounts, join: (a: bigint, b: bigint) => bigint): Amounts {
  return {
    cost: join(a.cost, b.cost),
    actions: join(a.actions, b.actions),
    spend: joinedMaps(a.spend, b.spend, join),
    units: joinedMaps(a.units, b.units, join),
  };
}

export const plus = (a: Amounts, b: Amounts): Amounts => joined(a, b, (one, other) => one + other);
export const minus = (a: Amounts, b: Amounts): Amounts => joined(a, b, (one, other) => one - other);
export const larger = (a: Amounts, b: Amounts): Amounts => joined(a, b, (one, other) => (one > other ? one : other));

function joinedMaps(
  a: ReadonlyMap<string, bigint>,
  b: ReadonlyMap<string, bigint>,
  join: (a: bigint, b: bigint) => bigint,
): ReadonlyMap<string, bigint> {
  if (a.size === 0 && b.size === 0) return a;
  const both = new Map<string, bigint>();
  for (const [key, amount] of a) both.set(key, join(amount, b.get(key) ?? 0n));
  for (const [key, amount] of b) if (!a.has(key)) both.set(key, join(0n, amount));
  return both;
}

/** Amounts as they are stored and read back: decimal text, without zeros. */
export interface AmountsJson {
  readonly cost?: string;
  readonly actions?: string;
  readonly spend?: Readonly<Record<Currency, string>>;
  readonly units?: Readonly<Record<string, string>>;
}

export function toAmountsJson({ cost, actions, spend, units }: Amounts): AmountsJson {
  const spent = textsOf(spend);
  const used = textsOf(units);
  return {
    ...(cost === 0n ? {} : { cost: scaledText(cost) }),
    ...(actions === 0n ? {} : { actions: scaledText(actions) }),
    ...(spent.length === 0 ? {} : { spend: Object.fromEntries(spent) }),
    ...(used.length === 0 ? {} : { units: Object.fromEntries(used) }),
  };
}

export function fromAmountsJson({ cost, actions, spend, units }: AmountsJson): Amounts {
  return {
    cost: cost === undefined ? 0n : scaledOf(cost),
    actions: actions === undefined ? 0n : scaledOf(actions),
    spend: scaledMap(spend),
    units: scaledMap(units),
  };
}

function textsOf(amounts: ReadonlyMap<string, bigint>): [string, string][] {
  return [...amounts].filter(([, amount]) => amount !== 0n).map(([key, amount]) => [key, scaledText(amount)]);
}

function scaledMap(texts: Readonly<Record<string, string>> = {}): ReadonlyMap<string, bigint> {
  return new Map(Object.entries(texts).map(([key, text]) => [key, scaledOf(text)]));
}

function scaledOf(text: string): bigint {
  return scaledFromDecimal(new Decimal(text));
}
