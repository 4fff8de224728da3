import {
  allocate,
  type Currency,
  Decimal,
  instantOfLocal,
  localTimeOf,
  minorUnitDecimals,
  type Period,
  sum,
  ZERO,
} from '../../kernel';

/** What a month earns of something that was invoiced before it. */
export interface LaterRevenue {
  /** `2026-02` */
  readonly month: string;
  /** Below zero of a line that gives something back; never zero. */
  readonly amount: Decimal;
  /** The first instant of the month, in the customer's time zone. */
  readonly recogniseAt: Date;
}

/** `earned + later = net` */
export interface DeferredRevenue {
  readonly earned: Decimal;
  readonly later: readonly LaterRevenue[];
}

/**
 * Says when a line is earned: its service is given day by day, so each month earns its share of the days. What the month
 * of issue and those before it earn is earned at issue; each later month earns its share as it begins.
 *
 * ```
 * 1,200.00 for 15 Jan 2026 to 15 Jan 2027 (365 days), issued on 15 Jan
 *   Jan 17 days 55.89 earned · Feb 28 days 92.05 · Mar 31 days 101.92 · … · Jan 2027 14 days 46.02   together 1,200.00
 * ```
 *
 * A day is one of the calendar in the customer's time zone, and it belongs to the service that begins on it: noon of the
 * 16th to noon of the 18th are two days. Months are rounded together, by largest remainder, so that they add up.
 *
 * @param net      without tax, rounded to the currency's minor unit
 * @param issuedAt by the customer's clock
 */
export function deferRevenue(
  net: Decimal,
  service: Period,
  issuedAt: Date,
  timeZone: string,
  currency: Currency,
): DeferredRevenue {
  // Arrears, which most lines are, need no calendar.
  if (net.isZero() || service.end <= issuedAt) return { earned: net, later: [] };
  const issuedIn = monthOf(localTimeOf(issuedAt, timeZone).date);
  const days = daysByMonth(service, timeZone);
  if (days.at(-1)!.month <= issuedIn) return { earned: net, later: [] };

  const unit = new Decimal(10).pow(-minorUnitDecimals(currency));
  const amounts = allocate(
    net,
    days.map((each) => new Decimal(each.days)),
    unit,
  );
  const months = days.map(({ month }, index) => ({ month, amount: amounts[index]! }));
  const later = months
    .filter(({ month, amount }) => month > issuedIn && !amount.isZero())
    .map(({ month, amount }) => ({ month, amount, recogniseAt: instantOfLocal(`${month}-01`, 0, timeZone) }));
  return { earned: net.minus(sum(later.map(({ amount }) => amount))), later };
}

/** What invoices, or months, come to together. */
export function totalDeferred(all: readonly DeferredRevenue[]): { earned: Decimal; deferred: Decimal } {
  let [earned, deferred] = [ZERO, ZERO];
  for (const each of all) {
    earned = earned.plus(each.earned);
    deferred = deferred.plus(sum(each.later.map(({ amount }) => amount)));
  }
  return { earned, deferred };
}

/** The local days of a service in each of its months, in the order of time. One within a day is of that day. */
function daysByMonth(service: Period, timeZone: string): { readonly month: string; readonly days: number }[] {
  const first = localTimeOf(service.start, timeZone).date;
  const end = localTimeOf(service.end, timeZone).date;
  if (end <= first) return [{ month: monthOf(first), days: 1 }];
  const months: { month: string; days: number }[] = [];
  for (let from = first; from < end;) {
    const next = firstOfNextMonth(from);
    const to = next < end ? next : end;
    months.push({ month: monthOf(from), days: daysBetween(from, to) });
    from = to;
  }
  return months;
}

function monthOf(date: string): string {
  return date.slice(0, 7);
}

function firstOfNextMonth(date: string): string {
  const [year, month] = date.split('-').map(Number) as [number, number];
  const next = month === 12 ? [year + 1, 1] : [year, month + 1];
  return `${String(next[0]).padStart(4, '0')}-${String(next[1]).padStart(2, '0')}-01`;
}

function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}
