import type { StoredCost, UsageEvent } from '../events';
import { Decimal, scaledFromDecimal } from '../kernel';
import { convertBreakdown, type CostBook, costOfUsage, type EventUsage, type PricedCost } from './domain';

const NONE: StoredCost = Object.freeze({ status: 'none', amount: null, modelPriceId: null, breakdown: null });
const PENDING: StoredCost = Object.freeze({ status: 'pending', amount: null, modelPriceId: null, breakdown: null });

/**
 * What an event costs, for storing: what its model used and what it used of own resources, where all of that has a
 * price; else what the sender reported; else pending when it used something that costs. What the sender reported is
 * stored beside either, by whoever stores the event.
 *
 * @param time     microseconds since 1970: the prices and exchange rates of this instant count
 * @param currency the organisation's; an amount in another one that has no rate is pending, never taken one to one
 */
export function costEvent(
  event: UsageEvent,
  usage: EventUsage,
  time: number,
  book: CostBook,
  currency: string,
): StoredCost {
  const ofModel = costOfUsage(usage, book.prices, time);
  const computed = ofModel.status === 'priced' ? inCurrency(ofModel, time, book, currency) : ofModel;
  const ofResources = book.resources.costOf(event, usage, time, currency, book.convert);

  if (computed !== null && computed.status !== 'pending' && ofResources !== 'pending') {
    if (computed.status === 'none' && ofResources !== null)
      return { ...ofResources, status: 'priced', modelPriceId: null };
    if (computed.status === 'priced') {
      const { amount, priceId, breakdown } = computed;
      if (ofResources === null) return { status: 'priced', amount, modelPriceId: priceId, breakdown };
      return {
        status: 'priced',
        amount: amount + ofResources.amount,
        modelPriceId: priceId,
        breakdown: breakdown === null ? ofResources.breakdown : joined(breakdown, ofResources.breakdown),
      };
    }
  }
  if (event.cost !== null) {
    const amount = book.convert(scaledFromDecimal(new Decimal(event.cost.amount)), event.cost.currency, currency, time);
    return amount === null ? PENDING : { status: 'reported', amount, modelPriceId: null, breakdown: null };
  }
  return computed?.status === 'none' && ofResources === null ? NONE : PENDING;
}

/** A model's cost in the currency that costs are kept in; null without an exchange rate. */
function inCurrency(cost: PricedCost, time: number, book: CostBook, currency: string): PricedCost | null {
  if (cost.currency === currency) return cost;
  const converted = convertBreakdown(cost.breakdown, cost.currency, (amount) =>
    book.convert(amount, cost.currency, currency, time),
  );
  return converted === null ? null : { ...cost, ...converted, currency };
}

/** Two lists of rows as one. */
function joined(a: string, b: string): string {
  return `${a.slice(0, -1)},${b.slice(1)}`;
}
