import type { StoredCost, UsageEvent } from '../events';
import { Decimal, scaledFromDecimal } from '../kernel';
import { costOfUsage, type EventUsage, type PriceBook } from './domain';

const NONE: StoredCost = Object.freeze({ status: 'none', amount: null, modelPriceId: null, breakdown: null });
const PENDING: StoredCost = Object.freeze({ status: 'pending', amount: null, modelPriceId: null, breakdown: null });

/**
 * What an event costs, for storing: the price book's amount where it knows one; else what the sender reported; else
 * pending when the event used something that costs. An amount in another currency than the organisation keeps its costs
 * in is pending too: it is never taken one to one.
 *
 * @param currency the organisation's
 */
export function costEvent(
  event: UsageEvent,
  usage: EventUsage,
  time: number,
  book: PriceBook,
  currency: string,
): StoredCost {
  const computed = costOfUsage(usage, book, time);
  if (computed.status === 'priced' && computed.currency === currency) {
    return { status: 'priced', amount: computed.amount, modelPriceId: computed.priceId, breakdown: null };
  }
  if (event.cost !== null) {
    if (event.cost.currency !== currency) return PENDING;
    return { status: 'reported', amount: scaledFromDecimal(new Decimal(event.cost.amount)), modelPriceId: null, breakdown: null };
  }
  return computed.status === 'none' ? NONE : PENDING;
}
