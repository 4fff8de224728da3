import { type Amounts, amountOf, type Measured } from '../../domain';
import { type Decimal, scaledFromDecimal, scaledToDecimal, ZERO } from '../../../kernel';
import { type Circle, type Outlook, outlookOf } from './outlook';
import { sizeHold, type SizedHold } from './size-hold';

/** What holds of each circle came to, in all measures; the latest first. */
export type AmountsHistory = Readonly<Record<Circle, readonly Amounts[]>>;

export interface MeasuredOutlook {
  readonly measured: Measured;
  readonly outlook: Outlook;
}

const COST: Measured = { measure: 'cost', currency: null, meterId: null };

/**
 * An outlook for each measure that the history tells of. Cost first: each hold has one, and a missing one is zero. Of other
 * measures only those holds tell that name them: what was not looked at then is not known to be zero.
 */
export function outlooksOf(history: AmountsHistory, risk: Decimal): MeasuredOutlook[] {
  const all = [...history.customer, ...history.taskClass, ...history.organisation];
  const told = [
    ...(all.some(({ actions }) => actions !== 0n)
      ? [{ measure: 'actions', currency: null, meterId: null } as const]
      : []),
    ...distinct(all, ({ spend }) => spend.keys()).map(
      (currency) => ({ measure: 'spend', currency, meterId: null }) as const,
    ),
    ...distinct(all, ({ units }) => units.keys()).map(
      (meterId) => ({ measure: 'units', currency: null, meterId }) as const,
    ),
  ];
  return [COST, ...told].map((measured) => {
    const of = (amounts: readonly Amounts[]): Decimal[] =>
      amounts
        .map((each) => amountOf(each, measured))
        .filter((amount) => measured.measure === 'cost' || amount !== 0n)
        .map((amount) => scaledToDecimal(amount));
    const { customer, taskClass, organisation } = history;
    const seen = { customer: of(customer), taskClass: of(taskClass), organisation: of(organisation) };
    return { measured, outlook: outlookOf(seen, risk) };
  });
}

/** What to hold in each measure, and what was said of cost, by which the rest is told. */
export interface SizedAmounts {
  readonly amounts: Amounts;
  readonly cost: SizedHold;
}

/**
 * Sizes each measure by itself, never above what the work can come to at most.
 *
 * @param outlooks   as `outlooksOf` made them
 * @param upperBound what the work can come to; a measure that it doesn't name is not bounded. Null: nobody said
 * @param configured what is held where history promises too little, in the currency of costs
 * @returns          null where nothing says what the work may cost
 */
export function sizeAmounts(
  outlooks: readonly MeasuredOutlook[],
  upperBound: Amounts | null,
  configured: Decimal | null,
): SizedAmounts | null {
  const sizes = outlooks.map(({ measured, outlook }) => {
    const most = upperBound === null ? null : boundOf(upperBound, measured);
    return {
      measured,
      sized: sizeHold(outlook, { upperBound: most, configured: measured === COST ? configured : null }),
    };
  });
  const cost = sizes[0]?.sized ?? null;
  if (cost === null) return null;

  const spend = new Map(upperBound?.spend);
  const units = new Map(upperBound?.units);
  let actions = upperBound?.actions ?? 0n;
  for (const { measured, sized } of sizes) {
    const amount = scaledFromDecimal(sized?.amount ?? ZERO);
    if (measured.measure === 'spend') spend.set(measured.currency!, amount);
    if (measured.measure === 'units') units.set(measured.meterId!, amount);
    if (measured.measure === 'actions') actions = amount;
  }
  return { amounts: { cost: scaledFromDecimal(cost.amount), actions, spend, units }, cost };
}

function boundOf(upperBound: Amounts, measured: Measured): Decimal | null {
  const { measure, currency, meterId } = measured;
  const named =
    measure === 'spend' ? upperBound.spend.has(currency!) : measure === 'units' ? upperBound.units.has(meterId!) : true;
  return named ? scaledToDecimal(amountOf(upperBound, measured)) : null;
}

function distinct<T>(all: readonly Amounts[], keysOf: (amounts: Amounts) => Iterable<T>): T[] {
  return [...new Set(all.flatMap((amounts) => [...keysOf(amounts)]))].sort();
}
