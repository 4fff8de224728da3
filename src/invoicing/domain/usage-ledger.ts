import { Decimal, sum, ZERO } from '../../kernel';

/**
 * Where an event stands, exactly one of:
 *
 * - `billed`: on the finalized invoice of its period
 * - `allowance`: the same, and covered by what was included: of the line's usage in the order of time it is before that is
 *   used up
 * - `adjusted`: came late (or was amended) and is in what a later, finalized invoice adjusted
 * - `draft`: in a period whose invoice is a draft
 * - `open`: in a period that hasn't ended
 * - `late`: came late, and the next invoice that is made or finalized adjusts it; of a subscription that has ended, the
 *   one that is asked for
 * - `beyond_reach`: came late for a period that is too long ago to be adjusted
 * - `pending_cost`: not billed yet, and charged by a cost that isn't known
 * - `trial`, `paused`, `waived`: free by rule, since it happened in a trial of everything, in a pause, or in the last
 *   period of a subscription that was cancelled without a settlement
 * - `taken_back`: its invoice is void and nothing took its place
 * - `not_charged`: no price of the customer's plans looks at it
 * - `voided`
 */
export const LEDGER_CLASSES = [
  'billed',
  'allowance',
  'adjusted',
  'draft',
  'open',
  'late',
  'beyond_reach',
  'pending_cost',
  'trial',
  'paused',
  'waived',
  'taken_back',
  'not_charged',
  'voided',
] as const;
export type LedgerClass = (typeof LEDGER_CLASSES)[number];

/** The invoice an event is on, or is going to be on. */
export interface LedgerInvoice {
  readonly id: string;
  readonly number: string | null;
}

/** The line an event is on. */
export interface LedgerLine {
  readonly id: string;
  /** From 1. */
  readonly position: number;
}

export interface LedgerPlace {
  readonly class: LedgerClass;
  readonly invoice: LedgerInvoice | null;
  /** Of what is billed; of several prices that charge it, the first one that asks for it. */
  readonly line?: LedgerLine | null | undefined;
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
  /** The void invoice of the period, where nothing has taken its place. */
  readonly takenBack?: LedgerInvoice | null | undefined;
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
  const takenBack = bills.takenBack ?? null;
  if (takenBack !== null) return { class: 'taken_back', invoice: takenBack };
  if (waitsForCost) return { class: 'pending_cost', invoice: null };
  if (bills.billed.length > 0) return { class: bills.inReach ? 'late' : 'beyond_reach', invoice: null };
  return bills.invoice === null ? { class: 'open', invoice: null } : { class: 'draft', invoice: bills.invoice };
}

/** What is free by rule asks for nothing, whatever becomes of its period; on an invoice it stands with an amount of 0. */
export function freeByRule(free: 'trial' | 'paused' | 'waived', place: LedgerPlace): LedgerPlace {
  const isOnInvoice = place.class === 'billed' || place.class === 'draft';
  return { class: free, invoice: isOnInvoice && free === 'trial' ? place.invoice : null };
}

/** Rows of a line's breakdown whose units cost nothing, since they are included. */
const INCLUDED = new Set(['allowance', 'free', 'pool']);

/** Units of a line's usage, in the order of time, as far as they are included. */
export class IncludedUnits {
  private used = ZERO;
  private readonly included: Decimal;

  constructor(
    readonly line: LedgerLine,
    breakdown: readonly { readonly kind: string; readonly quantity: string }[],
  ) {
    this.included = sum(
      breakdown.filter(({ kind }) => INCLUDED.has(kind)).map(({ quantity }) => new Decimal(quantity)),
    );
  }

  /** Whether there is anything that events have to be counted for. */
  get isAny(): boolean {
    return this.included.greaterThan(0);
  }

  /** Takes the units of the next event. @returns whether all of them are included */
  take(quantity: Decimal): boolean {
    this.used = this.used.plus(quantity);
    return this.isAny && this.used.lessThanOrEqualTo(this.included);
  }
}

/** Adds events up by where they stand. Each is added once, so the entries add up to all events. */
export class UsageLedger {
  private readonly byPlace = new Map<string, LedgerEntry>();

  add({ class: of, invoice, line = null }: LedgerPlace, cost: Decimal | null, pending: boolean): void {
    const key = `${of} ${invoice?.id ?? ''} ${line?.id ?? ''}`;
    const before = this.byPlace.get(key) ?? { class: of, invoice, line, events: 0, cost: ZERO, pendingEvents: 0 };
    this.byPlace.set(key, {
      ...before,
      events: before.events + 1,
      cost: cost === null ? before.cost : before.cost.plus(cost),
      pendingEvents: before.pendingEvents + (pending ? 1 : 0),
    });
  }

  /** In the order of the classes, of one class by the invoices' numbers and their lines. */
  entries(): LedgerEntry[] {
    const place = (entry: LedgerEntry): number => LEDGER_CLASSES.indexOf(entry.class);
    const name = ({ invoice }: LedgerEntry): string => `${invoice?.number ?? ''} ${invoice?.id ?? ''}`;
    const line = (entry: LedgerEntry): number => entry.line?.position ?? 0;
    const byName = (a: LedgerEntry, b: LedgerEntry): number => (name(a) === name(b) ? line(a) - line(b) : name(a) < name(b) ? -1 : 1); // prettier-ignore
    return [...this.byPlace.values()].sort((a, b) => place(a) - place(b) || byName(a, b));
  }
}
