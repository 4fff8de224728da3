import { type Currency, type Decimal, sum } from '../../kernel';

/** What was booked in a month on the two accounts of what is earned, in one currency; all are zero or above. */
export interface BookedMonth {
  readonly currency: Currency;
  /** `2026-02`, by each customer's calendar. */
  readonly month: string;
  readonly revenueCredits: Decimal;
  readonly revenueDebits: Decimal;
  readonly deferredCredits: Decimal;
  readonly deferredDebits: Decimal;
}

/** What a month that hasn't begun will earn of what was invoiced. */
export interface ScheduledMonth {
  readonly currency: Currency;
  readonly month: string;
  readonly amount: Decimal;
}

export interface RevenueMonth {
  readonly month: string;
  /** What was earned in it, less what was taken back in it. */
  readonly recognised: Decimal;
  /** What was invoiced in it for later months, and what of earlier invoices was earned or taken back. */
  readonly deferredAdded: Decimal;
  readonly deferredReleased: Decimal;
  /** What is still to be earned at its end: that of the month before, and added, less released. */
  readonly deferred: Decimal;
  /** What it will earn of what is invoiced now; of a month that hasn't begun. */
  readonly scheduled: Decimal;
}

export interface CurrencyRevenue {
  readonly currency: Currency;
  readonly months: readonly RevenueMonth[];
  /** What months after the last one will earn of what is invoiced now. */
  readonly scheduledLater: Decimal;
}

/**
 * Puts the months of a report together, by currency; months in which nothing happened are there too. A month's deferred
 * revenue is the account's balance at its end, so it hangs on all months before, also on those before the report.
 *
 * ```
 * 1,200.00 for 2026, invoiced on 1 January
 *              recognised   added    released   deferred
 *   January        101.92   1,098.08     0.00   1,098.08
 *   February        92.05       0.00    92.05   1,006.03
 * ```
 *
 * @param from, to the first and the last month of the report
 */
export function revenueReport(
  booked: readonly BookedMonth[],
  scheduled: readonly ScheduledMonth[],
  from: string,
  to: string,
): CurrencyRevenue[] {
  const currencies = [...new Set([...booked, ...scheduled].map(({ currency }) => currency))].sort();
  const wanted = monthsOf(from, to);
  return currencies.map((currency) => {
    const own = booked.filter((each) => each.currency === currency);
    const ahead = scheduled.filter((each) => each.currency === currency);
    let deferred = sum(own.filter(({ month }) => month < from).map(deferredChange));
    const months = wanted.map((month): RevenueMonth => {
      const found = own.filter((each) => each.month === month);
      deferred = deferred.plus(sum(found.map(deferredChange)));
      return {
        month,
        recognised: sum(found.map((each) => each.revenueCredits.minus(each.revenueDebits))),
        deferredAdded: sum(found.map((each) => each.deferredCredits)),
        deferredReleased: sum(found.map((each) => each.deferredDebits)),
        deferred,
        scheduled: sum(ahead.filter((each) => each.month === month).map((each) => each.amount)),
      };
    });
    const later = ahead.filter(({ month }) => month > to).map((each) => each.amount);
    return { currency, months, scheduledLater: sum(later) };
  });
}

/** The months from one to another, both included. */
export function monthsOf(from: string, to: string): string[] {
  const months: string[] = [];
  let [year, month] = from.split('-').map(Number) as [number, number];
  for (;;) {
    const text = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`;
    if (text > to) return months;
    months.push(text);
    [year, month] = month === 12 ? [year + 1, 1] : [year, month + 1];
  }
}

function deferredChange({ deferredCredits, deferredDebits }: BookedMonth): Decimal {
  return deferredCredits.minus(deferredDebits);
}
