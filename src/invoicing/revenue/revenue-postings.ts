import type { CustomerEntity } from '../../customers';
import { type Decimal, newUuid, sum, ZERO } from '../../kernel';
import { credit, debit, type Posting } from '../../wallet';
import { boughtBy, deferRevenue, totalDeferred } from '../domain';
import type { InvoiceEntity } from '../persistence/invoice.entity';
import type { InvoiceLineEntity } from '../persistence/invoice-line.entity';
import { RevenueScheduleEntity } from '../persistence/revenue-schedule.entity';

/** What an invoice comes to without tax, by when it is earned. */
export interface PlannedRevenue {
  readonly earned: Decimal;
  readonly deferred: Decimal;
  /** For prepaid credit: neither earned nor a service to come by itself. */
  readonly prepaid: Decimal;
  readonly months: readonly RevenueScheduleEntity[];
}

/** @param issuedAt by the customer's clock */
export function planRevenue(
  invoice: Pick<InvoiceEntity, 'organisationId' | 'id' | 'currency'>,
  lines: readonly Pick<InvoiceLineEntity, 'id' | 'kind' | 'key' | 'net' | 'periodStart' | 'periodEnd'>[],
  { timeZone }: Pick<CustomerEntity, 'timeZone'>,
  issuedAt: Date,
): PlannedRevenue {
  const services = lines.filter((line) => boughtBy(line) === null);
  const prepaid = sum(lines.filter((line) => boughtBy(line) !== null).map(({ net }) => net));
  const deferred = services.map(({ id, net, periodStart, periodEnd }) => ({
    id,
    ...deferRevenue(net, { start: periodStart, end: periodEnd }, issuedAt, timeZone, invoice.currency),
  }));
  const months = deferred.flatMap(({ id, later }) =>
    later.map(({ month, amount, recogniseAt }) =>
      Object.assign(new RevenueScheduleEntity(), {
        organisationId: invoice.organisationId,
        id: newUuid(),
        invoiceId: invoice.id,
        lineId: id,
        month: `${month}-01`,
        amount,
        recogniseAt,
        recognisedAt: null,
        takenBack: ZERO,
      }),
    ),
  );
  return { ...totalDeferred(deferred), prepaid, months };
}

/** Which step of an invoice a month's posting is: `recognised:2026-02`. @param month its first day */
export function recognitionPurpose(step: 'recognised' | 'unrecognised', month: string): string {
  return `${step}:${month.slice(0, 7)}`;
}

/**
 * What is booked as months begin: one posting for an invoice and month, of the month's first instant. 92.05 of a year
 * that was invoiced in January: `deferred_revenue +92.05, revenue -92.05`, on the first of February.
 */
export function recognitionPostings(
  months: readonly RevenueScheduleEntity[],
  invoices: ReadonlyMap<string, InvoiceEntity>,
): Posting[] {
  const together = new Map<string, RevenueScheduleEntity[]>();
  for (const each of months) {
    const place = `${each.month} ${each.invoiceId}`;
    together.set(place, [...(together.get(place) ?? []), each]);
  }
  return [...together.values()].map((ofMonth) => {
    const [{ invoiceId, month, recogniseAt }] = ofMonth as [RevenueScheduleEntity];
    const { customerId, currency, number } = invoices.get(invoiceId)!;
    const amount = sum(ofMonth.map((each) => each.amount.minus(each.takenBack)));
    return {
      source: { kind: 'invoice', id: invoiceId, purpose: recognitionPurpose('recognised', month) },
      customerId,
      currency,
      at: recogniseAt,
      description: `${month.slice(0, 7)} of invoice ${number} is earned`,
      entries: [debit('deferred_revenue', amount), credit('revenue', amount)],
    };
  });
}
