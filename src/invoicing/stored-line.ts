import { isDeepStrictEqual } from 'node:util';
import { type EntityManager, In } from 'typeorm';
import { decimalText, newUuid } from '../kernel';
import type { BreakdownRow } from '../rating/domain';
import type { DraftInvoice, DraftLine } from './domain';
import type { InvoiceEntity } from './persistence/invoice.entity';
import { InvoiceLineEntity, type StoredBreakdownRow } from './persistence/invoice-line.entity';

/** A line as it is stored, with an id of its own. */
export function toLine(invoice: InvoiceEntity, line: DraftLine, position: number): InvoiceLineEntity {
  return Object.assign(new InvoiceLineEntity(), {
    organisationId: invoice.organisationId,
    id: newUuid(),
    invoiceId: invoice.id,
    position,
    kind: line.kind,
    key: line.key,
    planId: line.plan.id,
    priceId: line.price?.id ?? null,
    meterId: line.price?.meterId ?? null,
    description: line.description,
    quantity: line.quantity,
    events: line.events,
    exactAmount: line.exactAmount,
    amount: line.amount,
    periodStart: line.servicePeriod.start,
    periodEnd: line.servicePeriod.end,
    breakdown: line.breakdown.map(toStoredRow),
    steps: [...line.steps],
  });
}

/** Writes what a draft's lines should say where it differs. Lines that are there keep their ids; others come and go. */
export async function writeLines(db: EntityManager, invoice: InvoiceEntity, draft: DraftInvoice): Promise<void> {
  const { organisationId } = invoice;
  const gone = new Map(
    (await db.findBy(InvoiceLineEntity, { invoiceId: invoice.id })).map((line) => [placeOf(line), line]),
  );
  for (const [position, line] of draft.lines.entries()) {
    const wanted = toLine(invoice, line, position);
    const existing = gone.get(placeOf(wanted));
    gone.delete(placeOf(wanted));
    if (existing === undefined) {
      await db.insert(InvoiceLineEntity, wanted);
      continue;
    }
    Object.assign(wanted, { id: existing.id });
    if (sameLine(existing, wanted)) continue;
    await db.update(InvoiceLineEntity, { organisationId, id: existing.id }, wanted);
  }
  const ids = [...gone.values()].map(({ id }) => id);
  if (ids.length > 0) await db.delete(InvoiceLineEntity, { organisationId, id: In(ids) });
}

/** A line's place on its invoice: never two of one key for one service period. */
function placeOf({ key, periodStart }: InvoiceLineEntity): string {
  return `${periodStart.getTime()} ${key}`;
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
    stored.quantity.equals(wanted.quantity) &&
    stored.events === wanted.events &&
    stored.periodEnd.getTime() === wanted.periodEnd.getTime() &&
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
