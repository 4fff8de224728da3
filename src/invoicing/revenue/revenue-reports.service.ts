import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import { type Currency, Decimal } from '../../kernel';
import { Database } from '../../platform/database';
import { type CurrencyRevenue, revenueReport } from '../domain';

/** Of which months, and of whom, a report is. */
export interface RevenueQuery {
  /** `2026-01`, and the last month. */
  readonly from: string;
  readonly to: string;
  readonly currency: Currency | null;
  readonly customerId: string | null;
}

/** Says by month what was earned, and what is still to be. It is read from the ledger; what is to come, from the schedule. */
@Injectable()
export class RevenueReportsService {
  constructor(@Inject(Database) private readonly database: Database) {}

  async report({ organisationId }: Tenant, query: RevenueQuery): Promise<CurrencyRevenue[]> {
    const about = [organisationId, query.currency, query.customerId];
    return this.database.snapshot(organisationId, async (db) => {
      const booked = await db.query<(Booked & Record<Sum, string>)[]>(
        `SELECT currency, month,
                COALESCE(-sum(amount) FILTER (WHERE account = 'revenue' AND amount < 0), 0) AS "revenueCredits",
                COALESCE(sum(amount) FILTER (WHERE account = 'revenue' AND amount > 0), 0) AS "revenueDebits",
                COALESCE(-sum(amount) FILTER (WHERE account = 'deferred_revenue' AND amount < 0), 0) AS "deferredCredits",
                COALESCE(sum(amount) FILTER (WHERE account = 'deferred_revenue' AND amount > 0), 0) AS "deferredDebits"
           FROM (
             SELECT posting.currency, to_char(posting.at AT TIME ZONE customer.time_zone, 'YYYY-MM') AS month,
                    entry.account, entry.amount
               FROM ledger_posting AS posting
               JOIN ledger_entry AS entry
                 ON (entry.organisation_id, entry.posting_id) = (posting.organisation_id, posting.id)
               JOIN customer
                 ON (customer.organisation_id, customer.id) = (posting.organisation_id, posting.customer_id)
              WHERE posting.organisation_id = $1 AND entry.account IN ('revenue', 'deferred_revenue')
                AND ($2::text IS NULL OR posting.currency = $2) AND ($3::uuid IS NULL OR posting.customer_id = $3)
           ) AS movement
          WHERE month <= $4
          GROUP BY currency, month`,
        [...about, query.to],
      );
      const scheduled = await db.query<(Booked & { amount: string })[]>(
        `SELECT invoice.currency, to_char(schedule.month, 'YYYY-MM') AS month,
                sum(schedule.amount - schedule.taken_back) AS amount
           FROM revenue_schedule AS schedule
           JOIN invoice ON (invoice.organisation_id, invoice.id) = (schedule.organisation_id, schedule.invoice_id)
          WHERE schedule.organisation_id = $1 AND schedule.recognised_at IS NULL
            AND ($2::text IS NULL OR invoice.currency = $2) AND ($3::uuid IS NULL OR invoice.customer_id = $3)
          GROUP BY invoice.currency, schedule.month`,
        about,
      );
      return revenueReport(
        booked.map(({ currency, month, ...sums }) => ({ currency, month, ...toDecimals(sums) })),
        scheduled.map((each) => ({ ...each, amount: new Decimal(each.amount) })),
        query.from,
        query.to,
      );
    });
  }
}

interface Booked {
  readonly currency: Currency;
  readonly month: string;
}
type Sum = 'revenueCredits' | 'revenueDebits' | 'deferredCredits' | 'deferredDebits';

function toDecimals(sums: Record<Sum, string>): Record<Sum, Decimal> {
  const { revenueCredits, revenueDebits, deferredCredits, deferredDebits } = sums;
  return {
    revenueCredits: new Decimal(revenueCredits),
    revenueDebits: new Decimal(revenueDebits),
    deferredCredits: new Decimal(deferredCredits),
    deferredDebits: new Decimal(deferredDebits),
  };
}
