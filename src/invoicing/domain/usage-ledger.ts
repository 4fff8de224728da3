import { type Decimal, ZERO } from '../../kernel';

/**
 * Where an event stands, exactly one of:
 *
 * - `billed`: on the finalized invoice of its period
 * - `adjusted`: came late (or was amended) and is in what a later, finalized invoice adjusted
 * - `draft`: in a period whose invoice is a draft
 * - `open`: in a period that hasn't ended
 * - `late`: came late, and the next invoice that is made or finalized adjusts it
 * - `beyond_reach`: came late for a period that is too long ago to be adjusted
 * - `pending_cost`: not billed yet, and charged by a cost that isn't known
 * - `not_charged`: no price of the customer's plans looks at it
 * - `voided`
 */
export const LEDGER_CLASSES = [
  'billed',
  'adjusted',
  'draft',
  'open',
  'late',
  'beyond_reach',
  'pending_cost',
  'not_charged',
  'voided',
] as const;
export type LedgerClass = (typeof LEDGER_CLASSES)[number];

/** The invoice an event is on, or is going to be on. */
export interface LedgerInvoice {
  readonly id: string;
  readonly number: string | null;
}

export interface LedgerPlace {
  readonly class: LedgerClass;
  readonly invoice: LedgerInvoice | null;
}

export interface LedgerEntry extends LedgerPlace {
  readonly events: number;
  /** What these events cost, as far as it is known. */
  readonly cost: Decimal;
  readonly pendingEvents: number;
}

/** How far the bills of a billing period have come. */
export interface PeriodBills {
  /** Null while the period is open, or was before the first one. */
  readonly invoice: LedgerInvoice | null;
  /** Up to which batch each finalized invoice has billed the period, ascending; the first is the period's own. */
  readonly billed: readonly { readonly throughBatch: number; readonly invoice: LedgerInvoice }[];
  /** Whether the next invoice adjusts the period. */
  readonly inReach: boolean;
}

/**
 * Where an event that counts stands in the bills of its period.
 *
 * @param batch          of the revision that counts: an amended event came with its amendment
 * @param waitsForCost   its cost is pending, and what charges it depends on that
 */
export function placeOfEvent(batch: number, bills: PeriodBills, waitsForCost: boolean): LedgerPlace {
  const billed = bills.billed.findIndex(({ throughBatch }) => batch <= throughBatch);
  if (billed !== -1) {
    return { class: billed === 0 ? 'billed' : 'adjusted', invoice: bills.billed[billed]!.invoice };
  }
  if (waitsForCost) return { class: 'pending_cost', invoice: null };
  if (bills.billed.length > 0) return { class: bills.inReach ? 'late' : 'beyond_reach', invoice: null };
  return bills.invoice === null ? { class: 'open', invoice: null } : { class: 'draft', invoice: bills.invoice };
}

/** Adds events up by where they stand. Each is added once, so the entries add up to all events. */
export class UsageLedger {
  private readonly byPlace = new Map<string, LedgerEntry>();

  add({ class: of, invoice }: LedgerPlace, cost: Decimal | null, pending: boolean): void {
    const key = `${of} ${invoice?.id ?? ''}`;
    const before = this.byPlace.get(key) ?? { class: of, invoice, events: 0, cost: ZERO, pendingEvents: 0 };
    this.byPlace.set(key, {
      ...before,
      events: before.events + 1,
      cost: cost === null ? before.cost : before.cost.plus(cost),
      pendingEvents: before.pendingEvents + (pending ? 1 : 0),
    });
  }

  /** In the order of the classes, of one class by the invoices' numbers. */
  entries(): LedgerEntry[] {
    const place = (entry: LedgerEntry): number => LEDGER_CLASSES.indexOf(entry.class);
    const name = ({ invoice }: LedgerEntry): string => `${invoice?.number ?? ''} ${invoice?.id ?? ''}`;
    return [...this.byPlace.values()].sort((a, b) => place(a) - place(b) || (name(a) < name(b) ? -1 : 1));
  }
}
