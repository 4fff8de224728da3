import { costEvent, isUsageProblem, readUsage } from '../../costing';
import type { StoredCost, StoredEvent } from '../../events';
import { scaledFromDecimal, scaledToDecimal } from '../../kernel';
import type { Books } from '../organisation-books';

/**
 * What a stored event costs by these books. Null when its usage can't be read any more: it was read when it was stored,
 * so the rules have changed since, and its cost stays what it was.
 */
export function costAgain(event: StoredEvent, books: Books): StoredCost | null {
  const usage = readUsage(event.data);
  if (isUsageProblem(usage)) return null;
  const sent = { ...event, customer: event.customerId, dataText: null };
  return costEvent(sent, usage, event.happenedAt, books.prices, books.currency);
}

/** Whether it is another cost than the event has: another amount, or one that is known where none was, or the reverse. */
export function isOtherCost(event: StoredEvent, cost: StoredCost): boolean {
  if (event.costStatus !== cost.status) return true;
  if (event.amount === null || cost.amount === null) return event.amount !== cost.amount;
  return scaledFromDecimal(event.amount) !== cost.amount;
}

/** The event as it is with this cost. */
export function withCost(event: StoredEvent, cost: StoredCost): StoredEvent {
  return {
    ...event,
    amount: cost.amount === null ? null : scaledToDecimal(cost.amount),
    costStatus: cost.status,
    modelPriceId: cost.modelPriceId,
    breakdown: cost.breakdown,
  };
}
