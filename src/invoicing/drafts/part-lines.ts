import { isDeepStrictEqual } from 'node:util';
import { Decimal, sum, ZERO } from '../../kernel';
import type { TotalledInvoice } from '../domain';
import type { InvoiceEntity } from '../persistence/invoice.entity';
import type { InvoiceLineEntity } from '../persistence/invoice-line.entity';
import { type InvoicePartEntity, PART_KINDS } from '../persistence/invoice-part.entity';

/**
 * Puts the lines of an invoice into the order in which it says them, and numbers them: part by part, and in a part first
 * fees in advance, then what was charged for the period, what thresholds have billed of that, and what is different of
 * earlier periods; items at last. Lines of one sort keep the order they come in.
 */
export function arrange(parts: readonly InvoicePartEntity[], lines: readonly InvoiceLineEntity[]): InvoiceLineEntity[] {
  const places = new Map([...parts].sort(inOrder).map(({ id }, place) => [id, place]));
  const placeOf = ({ partId }: InvoiceLineEntity): number => (partId === null ? parts.length : places.get(partId)!);
  const arranged = [...lines].sort((one, other) => placeOf(one) - placeOf(other) || sortOf(one) - sortOf(other));
  for (const [position, line] of arranged.entries()) line.position = position;
  return arranged;
}

/** Parts by subscription, then by period, and in one as they come about. */
export function inOrder(one: InvoicePartEntity, other: InvoicePartEntity): number {
  return (
    compare(one.subscriptionId, other.subscriptionId) ||
    one.periodIndex - other.periodIndex ||
    PART_KINDS.indexOf(one.kind) - PART_KINDS.indexOf(other.kind) ||
    one.ordinal - other.ordinal
  );
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function sortOf({ feeId, kind }: InvoiceLineEntity): number {
  if (feeId !== null) return 0;
  if (kind === 'threshold_credit') return 2;
  return kind === 'adjustment' ? 3 : 1;
}

/** What of an invoice follows from its parts and lines. */
export type Summary = Pick<
  InvoiceEntity,
  | 'periodStart'
  | 'periodEnd'
  | 'closesAt'
  | 'subtotal'
  | 'taxTotal'
  | 'taxes'
  | 'total'
  | 'exactTotal'
  | 'cost'
  | 'pendingEvents'
>;

/**
 * Sums up an invoice. Usage belongs to the customer, so what a stretch of time cost counts once, even where periods of
 * several subscriptions are about it.
 */
export function summaryOf(
  invoice: InvoiceEntity,
  parts: readonly InvoicePartEntity[],
  totalled: TotalledInvoice,
): Summary {
  const stretches = new Map(
    parts
      .filter(({ kind }) => kind === 'period')
      .map((part) => [`${part.periodStart.getTime()} ${part.periodEnd.getTime()}`, part]),
  );
  const distinct = [...stretches.values()];
  return {
    periodStart: earliest(parts.map(({ periodStart }) => periodStart)) ?? invoice.periodStart,
    periodEnd: latest(parts.map(({ periodEnd }) => periodEnd)) ?? invoice.periodEnd,
    closesAt: latest(parts.map(({ closesAt }) => closesAt)),
    subtotal: totalled.subtotal,
    taxTotal: totalled.taxTotal,
    taxes: totalled.taxes,
    total: totalled.total,
    exactTotal: totalled.exactTotal,
    cost: sum(distinct.map(({ cost }) => cost)),
    pendingEvents: distinct.reduce((count, { pendingEvents }) => count + pendingEvents, 0),
  };
}

/** What of some fields is to be written: those that say something else than before. */
export function changed<Fields extends object>(before: Fields, now: Partial<Fields>): Partial<Fields> {
  const names = Object.keys(now) as (keyof Fields)[];
  return Object.fromEntries(
    names.filter((name) => !same(before[name], now[name])).map((name) => [name, now[name]]),
  ) as Partial<Fields>;
}

function same(one: unknown, other: unknown): boolean {
  if (one instanceof Decimal && other instanceof Decimal) return one.equals(other);
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  return isDeepStrictEqual(one, other);
}

/** Exact, of a part's lines. */
export function exactTotalOf({ id }: InvoicePartEntity, lines: readonly InvoiceLineEntity[]): Decimal {
  return lines.filter(({ partId }) => partId === id).reduce((all, { exactAmount }) => all.plus(exactAmount), ZERO);
}

function earliest(instants: readonly Date[]): Date | null {
  return instants.length === 0 ? null : new Date(Math.min(...instants.map((at) => at.getTime())));
}

function latest(instants: readonly Date[]): Date | null {
  return instants.length === 0 ? null : new Date(Math.max(...instants.map((at) => at.getTime())));
}
