import { Decimal, sum } from '../../kernel';
import type { Charge, QuantityRounding } from '../../catalog/domain';
import type { ModelRules } from './model';
import { modelOf } from './models';
import type { PriceContext } from './price-context';
import type { BreakdownRow, PriceToRate } from './rated-charge';
import type { MeteredUsage, UsageToRate } from './usage';
import { counted, shown } from './shown';

const TEN = new Decimal(10);
/** Rows that say where units went, and that they cost nothing. */
const FREE_UNITS: readonly BreakdownRow['kind'][] = ['pool', 'free', 'blocked', 'moved'];

/**
 * Tells in sentences how a price came to its amount. They are made from the breakdown's own rows, so that what is
 * told is what was charged. Amounts are exact and in the price's currency; rounding is told by `roundingStep`.
 */
export function explainCharge(
  price: PriceToRate,
  usage: UsageToRate,
  metered: MeteredUsage,
  breakdown: readonly BreakdownRow[],
  pendingEvents: number,
  { carried }: Pick<PriceContext, 'carried'>,
): string[] {
  const told = breakdown.filter((row) => !toldByOpening(row, breakdown));
  const steps = [
    opening(price, usage),
    ...changesOfQuantity(price, usage, metered),
    ...usedBefore(price, carried),
    ...told.map(sentence),
  ];

  const amounts = breakdown.map((row) => row.amount).filter((amount) => !amount.isZero());
  if (amounts.length > 1) steps.push(`Together: ${added(amounts)} = ${shown(sum(amounts))}.`);
  if (amounts.length === 0 && pendingEvents === 0) steps.push('So nothing is charged.');

  if (pendingEvents > 0) {
    const waiting = `${counted(pendingEvents, 'event')} ${pendingEvents === 1 ? 'has' : 'have'}`;
    steps.push(`${waiting} no known cost yet, and no part in this amount: the invoice waits until they are priced.`);
  }
  return steps;
}

/** `20 + 3 - 2.3`. */
function added(amounts: readonly Decimal[]): string {
  return amounts
    .map((amount, index) => {
      if (index === 0) return shown(amount);
      return amount.lessThan(0) ? `- ${shown(amount.negated())}` : `+ ${shown(amount)}`;
    })
    .join(' ');
}

/** The cost of all usage is what the explanation begins with; the cost of a part of it is not. */
function toldByOpening(row: BreakdownRow, breakdown: readonly BreakdownRow[]): boolean {
  return row.kind === 'cost' && breakdown.filter(({ kind }) => kind === 'cost').length === 1;
}

/** What happened to the quantity before anything was charged. */
function changesOfQuantity({ terms }: PriceToRate, usage: UsageToRate, metered: MeteredUsage): string[] {
  const steps: string[] = [];
  const { movedIn } = metered;
  if (movedIn !== undefined) {
    steps.push(`With ${shown(movedIn)} that other prices leave to this one: ${shown(usage.quantity.plus(movedIn))}.`);
  }
  if (terms?.rounding !== undefined && !metered.quantity.equals(usage.quantity.plus(movedIn ?? 0))) {
    steps.push(`Rounded ${roundingText(terms.rounding)}: ${shown(metered.quantity)}.`);
  }
  return steps;
}

/** Units that the period has once, whatever changes in it. */
function usedBefore({ allowance }: PriceToRate, carried: PriceContext['carried']): string[] {
  if (allowance === null || carried === null || carried.allowance.isZero()) return [];
  return [
    `Of the ${shown(allowance)} that the plan includes in the period, ${shown(carried.allowance)} were used before this stretch of it began.`, // prettier-ignore
  ];
}

function roundingText({ mode, decimals }: QuantityRounding): string {
  const way = mode === 'nearest' ? 'to the nearest' : `${mode} to a multiple of`;
  return `${way} ${decimals > 0 ? `0.${'1'.padStart(decimals, '0')}` : shown(TEN.pow(-decimals))}`;
}

/** What was used; for a price on cost this already tells the row of the cost. */
function opening({ charge }: PriceToRate, usage: UsageToRate): string {
  const rules = modelOf(charge) as ModelRules<Charge>;
  const own = rules.opening?.(charge, usage) ?? null;
  if (own !== null) return own;
  const source = `from ${counted(usage.events, 'event')}`;
  switch (rules.basis) {
    case 'none':
      return 'This price is the same in every period, whatever is used.';
    case 'cost':
      return `The usage of the period cost ${shown(usage.cost)}, ${source}.`;
    case 'value':
      return `Value in the period: ${shown(usage.quantity)}, ${source}.`;
    case 'quantity':
      return measured(usage, source);
  }
}

/** How the quantity comes about, where it isn't the sum of what the events add. */
function measured({ quantity, measured: how }: UsageToRate, source: string): string {
  switch (how?.aggregation ?? 'sum') {
    case 'count':
    case 'sum':
      return `Used in the period: ${shown(quantity)}, ${source}.`;
    case 'average':
      return `On average in the period: ${shown(quantity)}, ${source}.`;
    case 'min':
      return `The smallest value in the period: ${shown(quantity)}, ${source}.`;
    case 'max':
      return `The largest value in the period: ${shown(quantity)}, ${source}.`;
    case 'latest':
      return `The last value in the period: ${shown(quantity)}, ${source}.`;
    case 'unique':
      return `Different values in the period: ${shown(quantity)}, ${source}.`;
    case 'time_weighted':
      return (
        `Used in the period: ${shown(quantity)}, each value times the ${how!.timeUnit}s it held, ${source}. ` +
        'What held when the period began holds on until the next event.'
      );
  }
}

function sentence(row: BreakdownRow): string {
  if (row.kind === 'allowance') return allowanceSentence(row);
  if (FREE_UNITS.includes(row.kind)) return `${row.description}: ${shown(row.quantity)}.`;
  if (row.kind === 'flat' || row.unitPrice === null) return `${row.description}: ${shown(row.amount)}.`;
  return `${row.description}: ${shown(row.quantity)} × ${shown(row.unitPrice)} = ${shown(row.amount)}.`;
}

function allowanceSentence({ quantity, upTo }: BreakdownRow): string {
  if (upTo === null || quantity.equals(upTo))
    return `The first ${shown(quantity)} are included in the plan and cost nothing.`;
  return `All of it is within the ${shown(upTo)} that the plan includes, and costs nothing.`;
}
