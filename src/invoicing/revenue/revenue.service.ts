import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import type { Tenant } from '../../access';
import { type CustomerEntity, lockCustomers } from '../../customers';
import { Clock, type Decimal, sum, ZERO } from '../../kernel';
import { LOGGER, type Logger } from '../../platform';
import { Database } from '../../platform/database';
import { LedgerService } from '../../wallet';
import { takeFromMonths } from '../domain';
import { InvoiceEntity } from '../persistence/invoice.entity';
import type { InvoiceLineEntity } from '../persistence/invoice-line.entity';
import { RevenueScheduleEntity } from '../persistence/revenue-schedule.entity';
import { planRevenue, recognitionPostings, recognitionPurpose } from './revenue-postings';

/** Customers whose months are booked in one transaction. */
const A_BATCH = 100;

/** When what was invoiced is earned. Whoever calls with a transaction holds the customer's row. */
@Injectable()
export class RevenueService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(LedgerService) private readonly ledger: LedgerService,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Splits what an invoice's lines come to without tax into what is earned by the end of the month of issue and what
   * later months earn, and stores those months. Where nothing is, the database isn't asked.
   *
   * @param at the instant of issue, by the customer's clock
   */
  async schedule(
    db: EntityManager,
    _tenant: Tenant,
    invoice: InvoiceEntity,
    lines: readonly InvoiceLineEntity[],
    customer: CustomerEntity,
    at: Date,
  ): Promise<{ earned: Decimal; deferred: Decimal }> {
    const { earned, deferred, months } = planRevenue(invoice, lines, customer, at);
    await this.store(db, months);
    return { earned, deferred };
  }

  /** Stores what `planRevenue` made, of however many invoices. */
  async store(db: EntityManager, months: readonly RevenueScheduleEntity[]): Promise<void> {
    if (months.length > 0) await db.insert(RevenueScheduleEntity, [...months]);
  }

  /** Takes back what months have earned of an invoice that is void now, and what others would. A repeat does nothing. */
  async takeBack(db: EntityManager, tenant: Tenant, invoice: InvoiceEntity, at: Date): Promise<void> {
    const months = await this.upTo(db, tenant, invoice, at);
    for (const month of [...new Set(months.filter(isRecognised).map((each) => each.month))].sort()) {
      const source = { kind: 'invoice', id: invoice.id, purpose: recognitionPurpose('recognised', month) };
      await this.ledger.reverse(db, tenant, source, {
        source: { ...source, purpose: recognitionPurpose('unrecognised', month) },
        customerId: invoice.customerId,
        currency: invoice.currency,
        at,
        description: `Invoice ${invoice.number} is void`,
      });
    }
    for (const month of months.filter((each) => !isRecognised(each))) await lower(db, month, leftOf(month));
  }

  /**
   * Takes what a credit note gives back of lines from the months that are still to earn it, the last first.
   *
   * @param nets by line, without tax
   * @returns    what of it was still to be earned, and what was earned
   */
  async takeOff(
    db: EntityManager,
    tenant: Tenant,
    invoice: InvoiceEntity,
    nets: ReadonlyMap<string, Decimal>,
    at: Date,
  ): Promise<{ earned: Decimal; deferred: Decimal }> {
    const months = (await this.upTo(db, tenant, invoice, at)).filter((each) => !isRecognised(each));
    let [earned, deferred] = [ZERO, ZERO];
    for (const [lineId, net] of nets) {
      const ofLine = months.filter((each) => each.lineId === lineId);
      const toEarn = ofLine.map((each) => ({ id: each.id, month: each.month, left: leftOf(each) }));
      const result = takeFromMonths(toEarn, net);
      for (const each of ofLine) await lower(db, each, result.taken.get(each.id) ?? ZERO);
      earned = earned.plus(result.earned);
      deferred = deferred.plus(result.deferred);
    }
    return { earned, deferred };
  }

  /**
   * Books what months that have begun by the customers' clocks have earned: one posting for an invoice and month, of the
   * month's first instant. Safe at any time and on any number of processes: what is booked is not due. A customer for
   * whom it fails is left for the next time, and the others go on.
   *
   * @param testClockId only customers on this test clock; null for everyone
   */
  async recogniseDue(tenant: Tenant, testClockId: string | null): Promise<void> {
    const failed = new Set<string>();
    for (;;) {
      const due = await this.dueCustomers(tenant, testClockId, failed);
      if (due.length === 0) return;
      try {
        await this.recognise(tenant, due);
      } catch (error) {
        if (due.length === 1) this.fail(failed, due[0]!, error);
        else await this.recogniseOneByOne(tenant, due, failed);
      }
    }
  }

  private async recogniseOneByOne(tenant: Tenant, due: readonly DueCustomer[], failed: Set<string>): Promise<void> {
    for (const one of due) {
      try {
        await this.recognise(tenant, [one]);
      } catch (error) {
        this.fail(failed, one, error);
      }
    }
  }

  private async recognise(tenant: Tenant, due: readonly DueCustomer[]): Promise<void> {
    const { organisationId } = tenant;
    await this.database.apart(organisationId, () =>
      this.database.tenant(organisationId, async (db) => {
        await lockCustomers(
          db,
          organisationId,
          due.map(({ id }) => id),
        );
        for (const now of new Set(due.map((each) => each.now.getTime()))) {
          const ids = due.filter((each) => each.now.getTime() === now).map(({ id }) => id);
          await this.recogniseOf(db, tenant, { customerIds: ids }, new Date(now));
        }
      }),
    );
  }

  private fail(failed: Set<string>, { id }: DueCustomer, error: unknown): void {
    failed.add(id);
    this.logger.error({ err: error, customer: id }, 'revenue of a customer could not be recognised and is tried again');
  }

  private async dueCustomers(
    { organisationId }: Tenant,
    testClockId: string | null,
    except: ReadonlySet<string>,
  ): Promise<DueCustomer[]> {
    // No clock is ahead of the greatest: up to there the index is enough.
    return this.database.tenant(organisationId, (db) =>
      db.query<DueCustomer[]>(
        `SELECT DISTINCT customer.id, COALESCE(clock.now, $2) AS now
           FROM revenue_schedule AS schedule
           JOIN invoice ON (invoice.organisation_id, invoice.id) = (schedule.organisation_id, schedule.invoice_id)
           JOIN customer ON (customer.organisation_id, customer.id) = (invoice.organisation_id, invoice.customer_id)
           LEFT JOIN test_clock AS clock
             ON (clock.organisation_id, clock.id) = (customer.organisation_id, customer.test_clock_id)
          WHERE schedule.organisation_id = $1 AND schedule.recognised_at IS NULL
            AND schedule.taken_back <> schedule.amount
            AND schedule.recognise_at <= greatest($2, (SELECT max(now) FROM test_clock WHERE organisation_id = $1))
            AND schedule.recognise_at <= COALESCE(clock.now, $2)
            AND ($3::uuid IS NULL OR customer.test_clock_id = $3) AND customer.id <> ALL ($4::uuid[])
          ORDER BY customer.id LIMIT ${A_BATCH}`,
        [organisationId, this.clock.now(), testClockId, [...except]],
      ),
    );
  }

  /** The months of an invoice, once those that have begun are booked: so it makes no difference how late that is. */
  private async upTo(
    db: EntityManager,
    tenant: Tenant,
    invoice: InvoiceEntity,
    now: Date,
  ): Promise<RevenueScheduleEntity[]> {
    await this.recogniseOf(db, tenant, { invoiceId: invoice.id }, now);
    return db.find(RevenueScheduleEntity, { where: { invoiceId: invoice.id }, order: { month: 'ASC', id: 'ASC' } });
  }

  private async recogniseOf(
    db: EntityManager,
    tenant: Tenant,
    of: { readonly invoiceId: string } | { readonly customerIds: readonly string[] },
    now: Date,
  ): Promise<void> {
    const ids = await db.query<{ id: string }[]>(
      `SELECT schedule.id
         FROM revenue_schedule AS schedule
         JOIN invoice ON (invoice.organisation_id, invoice.id) = (schedule.organisation_id, schedule.invoice_id)
        WHERE schedule.organisation_id = $1 AND schedule.recognised_at IS NULL
          AND schedule.taken_back <> schedule.amount AND schedule.recognise_at <= $2
          AND ${'invoiceId' in of ? 'invoice.id = $3' : 'invoice.customer_id = ANY ($3)'}`,
      [tenant.organisationId, now, 'invoiceId' in of ? of.invoiceId : [...of.customerIds]],
    );
    if (ids.length === 0) return;
    const months = await db.find(RevenueScheduleEntity, {
      where: { id: In(ids.map(({ id }) => id)) },
      order: { month: 'ASC', invoiceId: 'ASC', id: 'ASC' },
    });
    const invoices = await db.findBy(InvoiceEntity, { id: In(months.map(({ invoiceId }) => invoiceId)) });

    const postings = recognitionPostings(months, new Map(invoices.map((invoice) => [invoice.id, invoice])));
    await this.ledger.postMany(db, tenant, postings);
    await db.update(
      RevenueScheduleEntity,
      { organisationId: tenant.organisationId, id: In(months.map(({ id }) => id)) },
      { recognisedAt: this.clock.now() },
    );
  }
}

interface DueCustomer {
  readonly id: string;
  readonly now: Date;
}

function leftOf({ amount, takenBack }: RevenueScheduleEntity): Decimal {
  return amount.minus(takenBack);
}

function isRecognised({ recognisedAt }: RevenueScheduleEntity): boolean {
  return recognisedAt !== null;
}

async function lower(db: EntityManager, month: RevenueScheduleEntity, amount: Decimal): Promise<void> {
  if (amount.isZero()) return;
  const takenBack = sum([month.takenBack, amount]);
  await db.update(RevenueScheduleEntity, { organisationId: month.organisationId, id: month.id }, { takenBack });
  Object.assign(month, { takenBack });
}
