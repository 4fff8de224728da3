import { isDeepStrictEqual } from 'node:util';
import { Decimal, type Micros } from '../../kernel';
import type { ReportedCost, UsageEvent } from './event';

/** What is compared of two events with one identity. */
export interface EventContent extends Pick<
  UsageEvent,
  | 'id'
  | 'source'
  | 'type'
  | 'session'
  | 'task'
  | 'agent'
  | 'feature'
  | 'department'
  | 'user'
  | 'parent'
  | 'hold'
  | 'step'
> {
  /** Our id of the customer, so that it doesn't matter how the sender named it. */
  readonly customerId: string;
  /** As given by the sender; null when it wasn't. A time that we filled in is not content: a retry has none either. */
  readonly time: Micros | null;
  readonly cost: ReportedCost | null;
  readonly data: Readonly<Record<string, unknown>> | null;
}

const TEXT_FIELDS = [
  'id',
  'source',
  'type',
  'session',
  'task',
  'agent',
  'feature',
  'department',
  'user',
  'parent',
  'hold',
  'step',
] as const;

/**
 * The first field in which two events differ, or null when they are the same event sent again. Numbers count by value
 * ("0.10" is 0.1 in a cost), objects regardless of the order of their fields.
 */
export function differingField(stored: EventContent, sent: EventContent): string | null {
  for (const field of TEXT_FIELDS) if (stored[field] !== sent[field]) return field;
  if (stored.customerId !== sent.customerId) return 'customer';
  if (stored.time !== sent.time) return 'time';
  if (!sameCost(stored.cost, sent.cost)) return 'cost';
  if (!isDeepStrictEqual(plain(stored.data), plain(sent.data))) return 'data';
  return null;
}

function sameCost(a: ReportedCost | null, b: ReportedCost | null): boolean {
  if (a === null || b === null) return a === b;
  return a.currency === b.currency && new Decimal(a.amount).equals(b.amount);
}

/** As it is after a way through JSON: -0 is 0, and prototypes don't matter. */
function plain(data: EventContent['data']): unknown {
  return data === null ? null : JSON.parse(JSON.stringify(data));
}
