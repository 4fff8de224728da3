import { isDeepStrictEqual } from 'node:util';
import { type EntityManager, In } from 'typeorm';
import { decimalText, newUuid, ZERO } from '../../kernel';
import type { BreakdownRow } from '../../rating/domain';
import type { DraftLine } from '../domain';
import { insertRows } from './insert-rows';
import type { InvoiceEntity } from '../persistence/invoice.entity';
import { InvoiceLineEntity, type StoredBreakdownRow } from '../persistence/invoice-line.entity';
import type { InvoicePartEntity } from '../persistence/invoice-part.entity';

/**
 * Each line is remembered in one of three ways, and whoever sums what was billed says which of them is meant: a line that
 * is computed from a period, by its key and where its service begins; a fee in advance; an item (which has no part).
 */
export const COMPUTED_LINE = `line.part_id IS NOT NULL AND line.fee_id IS NULL
  AND line.kind NOT IN ('credit', 'item', 'threshold', 'threshold_credit')`;
export const FEE_LINE = 'line.fee_id IS NOT NULL';

/** A line as it is stored, with an id of its own; its taxes are to come. */
export function toLine(
  invoice: Pick<InvoiceEntity, 'organisationId' | 'id'>,
  part: Pick<InvoicePartEntity, 'id' | 'subscriptionId'> | null,
  line: DraftLine,
  position: number,
): InvoiceLineEntity {
  return Object.assign(new InvoiceLineEntity(), {
    organisationId: invoice.organisationId,
    id: newUuid(),
    invoiceId: invoice.id,
    subscriptionId: part?.subscriptionId ?? null,
    partId: part?.id ?? null,
    position,
    kind: line.kind,
    key: line.key,
    feeId: line.feeId ?? null,
    itemId: line.itemId ?? null,
    planId: line.plan?.id ?? null,
    priceId: line.price?.id ?? null,
    meterId: line.price?.meterId ?? null,
    description: line.description,
    quantity: line.quantity,
    events: line.events,
    exactAmount: line.exactAmount,
    amount: line.amount,
    net: line.amount,
    tax: ZERO,
    taxes: [],
    taxCode: line.taxCode ?? line.price?.terms?.tax?.code ?? null,
    taxBehaviour: line.taxBehaviour ?? line.price?.terms?.tax?.behaviour ?? null,
    periodStart: line.servicePeriod.start,
    periodEnd: line.servicePeriod.end,
    breakdown: line.breakdown.map(toStoredRow),
    steps: [...line.steps],
    daily: null,
  });
}

/** Whether a line stays as it was written, while a draft's other lines are computed again. */
export function isWritten({ feeId, itemId }: InvoiceLineEntity): boolean {
  return feeId !== null || itemId !== null;
}

/**
 * Writes what an invoice's lines should say where it differs from what they say. Lines that are there keep their ids;
 * others come and go.
 *
 * @returns the lines as they are stored, in the order of those wanted
 */
export async function writeLines(
  db: EntityManager,
  organisationId: string,
  stored: readonly InvoiceLineEntity[],
  wanted: readonly InvoiceLineEntity[],
): Promise<InvoiceLineEntity[]> {
  const gone = new Map(stored.map((line) => [placeOf(line), line]));
  const added: InvoiceLineEntity[] = [];
  for (const line of wanted) {
    const existing = gone.get(placeOf(line));
    gone.delete(placeOf(line));
    if (existing === undefined) {
      added.push(line);
      continue;
    }
    Object.assign(line, { id: existing.id });
    if (sameLine(existing, line)) continue;
    await db.update(InvoiceLineEntity, { organisationId, id: existing.id }, line);
  }
  const ids = [...gone.values()].map(({ id }) => id);
  if (ids.length > 0) await db.delete(InvoiceLineEntity, { organisationId, id: In(ids) });
  await insertRows(db, InvoiceLineEntity, added);
  return [...wanted];
}

/** A line's place on its invoice: never two of one kind and key for one service period in a part, but for fees of their own. */
export function placeOf({ partId, itemId, kind, key, periodStart, feeId }: InvoiceLineEntity): string {
  return JSON.stringify([partId ?? itemId, kind, key, periodStart.getTime(), feeId]);
}

/** Whether a stored line says what it should, its sentences included. */
function sameLine(stored: InvoiceLineEntity, wanted: InvoiceLineEntity): boolean {
  return (
    stored.position === wanted.position &&
    stored.planId === wanted.planId &&
    stored.priceId === wanted.priceId &&
    stored.description === wanted.description &&
    stored.exactAmount.equals(wanted.exactAmount) &&
    stored.amount.equals(wanted.amount) &&
    stored.net.equals(wanted.net) &&
    stored.tax.equals(wanted.tax) &&
    stored.taxCode === wanted.taxCode &&
    stored.taxBehaviour === wanted.taxBehaviour &&
    stored.quantity.equals(wanted.quantity) &&
    stored.events === wanted.events &&
    stored.periodEnd.getTime() === wanted.periodEnd.getTime() &&
    isDeepStrictEqual(stored.taxes, wanted.taxes) &&
    isDeepStrictEqual(stored.daily, wanted.daily) &&
    isDeepStrictEqual(stored.breakdown, wanted.breakdown) &&
    isDeepStrictEqual(stored.steps, wanted.steps)
  );
}

function toStoredRow(row: BreakdownRow): StoredBreakdownRow {
  return {
    kind: row.kind,
    description: row.description,
    from: row.from === null ? null : decimalText(row.from),
    upTo: row.upTo === null ? null : decimalText(row.upTo),
    quantity: decimalText(row.quantity),
    unitPrice: row.unitPrice === null ? null : decimalText(row.unitPrice),
    amount: decimalText(row.amount),
    ...(row.group === undefined ? {} : { group: [...row.group] }),
    ...(row.window === undefined ? {} : { window: row.window }),
  };
}
