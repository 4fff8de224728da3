import { type Currency, type Decimal, decimalText, formatAmount, type Period, sum, ZERO } from '../../kernel';
import { type BreakdownRow, settled } from '../../rating/domain';
import type { DraftInvoice, DraftLine } from './draft-invoice';

/** What was billed for a line before: by its own invoice, or by a later one that adjusted it. */
export interface BilledLine {
  readonly key: string;
  readonly description: string;
  readonly servicePeriod: Period;
  readonly quantity: Decimal;
  readonly exactAmount: Decimal;
  readonly amount: Decimal;
  /** The number of the invoice it stands on. */
  readonly invoice: string;
  /** As it was taxed, and is again, where the price says nothing of it any more. */
  readonly taxCode?: string | null;
  readonly taxBehaviour?: 'exclusive' | 'inclusive' | null;
}

/** What happened to a period's events since it was billed last. */
export interface PeriodChange {
  /** Events that count since: they came late, or are what an event was amended to. */
  readonly entered: number;
  readonly voided: number;
  readonly amended: number;
  /** Events whose cost was found out or corrected. */
  readonly recosted: number;
}

/**
 * The lines by which a later invoice brings a billed period to what it should be: for each line of the period rated
 * again, what it is now less everything billed for it so far. A line's parts are so the rounding of the whole:
 *
 * ```
 * billed on INV-000001     3.335 →  3.34
 * rated again              6.670 →  6.67
 * adjustment               3.335 →  3.33      and not 3.34
 * ```
 *
 * What is billed for a line that the period hasn't any more (a true-up that isn't due now) is credited. Where nothing
 * is different there is no line, unless the charge waits for a cost: then the invoice has to wait, too.
 *
 * @param again  the period as it is rated now
 * @param billed everything of the period on finalized invoices
 * @param change null where nothing happened to the period's own events, but to those of an earlier period
 */
export function adjustPeriod(
  again: DraftInvoice,
  billed: readonly BilledLine[],
  change: PeriodChange | null | 'issued again',
): DraftLine[] {
  const gone = new Map(billed.map((line) => [placeOf(line), line]));
  for (const line of again.lines) gone.delete(placeOf(line));

  return [...again.lines, ...[...gone.values()].map((line) => nothingOf(line, again))]
    .map((line) => adjustLine(line, billedFor(line, billed), change, again.currency))
    .filter((line) => !line.exactAmount.isZero() || !line.amount.isZero() || line.pendingEvents > 0);
}

/**
 * The lines of a period whose invoice was void and is issued again: what later invoices adjusted of it stands, and is
 * taken off, so that all of its lines together are again what the period is now.
 *
 * ```
 * billed 22.00; late usage, adjusted by +5.00 on INV-000002; the first is issued again
 * rated now 27.00   stands 5.00   →   22.00
 * ```
 *
 * @param standing of the period on other finalized invoices; nothing for a period that is billed for the first time
 */
export function lessStanding(again: DraftInvoice, standing: readonly BilledLine[]): readonly DraftLine[] {
  if (standing.length === 0) return again.lines;
  const stands = (line: DraftLine): boolean => billedFor(line, standing).length > 0;
  const rest = adjustPeriod(again, standing, 'issued again').filter(stands);
  return [...again.lines.filter((line) => !stands(line)), ...rest];
}

/** Puts adjustments of earlier periods behind the lines of a draft's own period. */
export function withAdjustments(draft: DraftInvoice, adjustments: readonly DraftLine[]): DraftInvoice {
  if (adjustments.length === 0) return draft;
  const lines = [...draft.lines, ...adjustments];
  return {
    ...draft,
    lines,
    total: sum(lines.map((line) => line.amount)),
    exactTotal: sum(lines.map((line) => line.exactAmount)),
  };
}

function adjustLine(
  line: DraftLine,
  billed: readonly BilledLine[],
  change: PeriodChange | null | 'issued again',
  currency: Currency,
): DraftLine {
  const quantity = sum(billed.map((each) => each.quantity));
  const amount = line.amount.minus(sum(billed.map((each) => each.amount)));
  const money = (value: Decimal): string => `${formatAmount(value, currency)} ${currency}`;
  const where = [...new Set(billed.map((each) => each.invoice))].join(', ');
  return {
    ...line,
    kind: 'adjustment',
    description: `${line.description}: adjustment`,
    quantity: line.quantity.minus(quantity),
    exactAmount: settled(line.exactAmount.minus(sum(billed.map((each) => each.exactAmount)))),
    amount,
    breakdown: [...line.breakdown, ...billed.map(billedRow)],
    steps: [
      `This period was billed before and is rated again. ${reason(change)}`,
      `The quantity is ${decimalText(line.quantity)} now; ${decimalText(quantity)} were billed.`,
      ...line.steps,
      billed.length === 0
        ? `Nothing was billed for it before, so this line is ${money(amount)}.`
        : `${money(line.amount.minus(amount))} were billed on ${where}, so this line is ${money(amount)}.`,
    ],
  };
}

function billedRow({ invoice, quantity, exactAmount }: BilledLine): BreakdownRow {
  return {
    kind: 'billed',
    description: `Billed on ${invoice}`,
    from: null,
    upTo: null,
    quantity,
    unitPrice: null,
    amount: exactAmount.negated(),
  };
}

function reason(change: PeriodChange | null | 'issued again'): string {
  if (change === 'issued again') return 'Its invoice was void and is issued again; what others adjusted of it stands.';
  if (change === null) return 'Its own events are the same; what an earlier period leaves has changed.';
  const { entered, voided, amended, recosted } = change;
  const parts = [
    [entered, 'came late or as an amendment'],
    [voided, 'voided'],
    [amended, 'amended'],
    [recosted, 'costed again'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count.toLocaleString('en-US')} ${what}`);
  return `Of the customer’s events since then: ${said.join(', ')}.`;
}

/** A line that the period has no more. */
function nothingOf(billed: BilledLine, again: DraftInvoice): DraftLine {
  const { key, description, servicePeriod } = billed;
  // The plan of the stretch the line was about; its key says what of it.
  const { plan } =
    again.lines.findLast(({ servicePeriod: { start } }) => start.getTime() <= servicePeriod.start.getTime()) ??
    again.lines[0]!;
  return {
    kind: 'adjustment',
    key,
    plan,
    price: null,
    description: description.replace(/: adjustment$/, ''),
    quantity: ZERO,
    events: 0,
    exactAmount: ZERO,
    amount: ZERO,
    servicePeriod,
    breakdown: [],
    steps: ['It is not charged any more.'],
    pendingEvents: 0,
    taxCode: billed.taxCode ?? null,
    taxBehaviour: billed.taxBehaviour ?? null,
  };
}

function billedFor(line: DraftLine, billed: readonly BilledLine[]): BilledLine[] {
  return billed.filter((each) => placeOf(each) === placeOf(line));
}

function placeOf({ key, servicePeriod }: Pick<BilledLine, 'key' | 'servicePeriod'>): string {
  return `${servicePeriod.start.getTime()} ${key}`;
}
