import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../../access';
import { PlansService } from '../../catalog';
import type { Plan } from '../../catalog/domain';
import type { SubscriptionWithPlan } from '../../customers';
import { periodAt } from '../../customers/domain';
import { Decimal, invariant } from '../../kernel';
import { type BilledFee, type DraftLine, feeLines } from '../domain';

/** A subscription, and the instant by which the fee periods have begun that are asked for. */
export interface FeesToReconcile {
  readonly about: SubscriptionWithPlan;
  readonly asOf: Date;
  /** Whether all fee periods are looked at, also those in which nothing can have changed. */
  readonly all?: boolean;
}

/** What there is of a subscription's fees. */
interface FeesThere {
  /** All lines but for those of invoices that are void and were issued again: these exist no more. */
  readonly billed: BilledFee[];
  /** Where the first of those begins that exist no more. */
  reissuedFrom: Date | null;
}

/** Finds what of fees in advance isn't billed yet, or is billed too much. Reads what was billed, and writes nothing. */
@Injectable()
export class FeesReconciler {
  constructor(@Inject(PlansService) private readonly plans: PlansService) {}

  /**
   * One statement for however many subscriptions. It is asked also where no plan has a fee in advance: one that is the
   * subscription's no more, since it was taken back or replaced, may have been billed. The caller holds their customers and
   * writes the lines in the same transaction, so that nobody else finds the same difference. What is to be issued again is
   * void by then, and says by which invoice.
   *
   * @returns by the subscription's uuid; an entry for each that was asked for
   */
  async linesFor(
    db: EntityManager,
    tenant: Tenant,
    wanted: readonly FeesToReconcile[],
  ): Promise<ReadonlyMap<string, readonly DraftLine[]>> {
    const fees = await this.feesThere(db, tenant, wanted);
    return new Map(
      wanted.map(({ about, asOf, all = false }) => {
        const there = fees.get(about.subscription.id)!;
        return [about.subscription.id, feeLines(about, asOf, there.billed, all ? null : reachOf(about, asOf, there))];
      }),
    );
  }

  private async feesThere(
    db: EntityManager,
    tenant: Tenant,
    wanted: readonly FeesToReconcile[],
  ): Promise<Map<string, FeesThere>> {
    const found = new Map<string, FeesThere>(
      wanted.map(({ about }) => [about.subscription.id, { billed: [], reissuedFrom: null }]),
    );
    if (found.size === 0) return found;
    const rows = await db.query<FeeRow[]>(FEES_OF_SUBSCRIPTIONS, [tenant.organisationId, [...found.keys()]]);
    if (rows.length === 0) return found;
    const planOf = await this.plansOf(tenant, wanted, rows);
    for (const row of rows) {
      const there = found.get(row.subscription_id)!;
      if (!row.reissued) there.billed.push(toBilledFee(row, planOf(row.plan_id)));
      else there.reissuedFrom = earlier(there.reissuedFrom ?? row.period_start, row.period_start);
    }
    return found;
  }

  /** A plan that was billed and then taken back isn't the subscription's any more. */
  private async plansOf(
    tenant: Tenant,
    wanted: readonly FeesToReconcile[],
    rows: readonly FeeRow[],
  ): Promise<(id: string) => Plan> {
    const known = new Map<string, Plan>(
      wanted.flatMap(({ about }) => about.phases.map(({ plan }): [string, Plan] => [plan.id, plan])),
    );
    const missing = [...new Set(rows.map(({ plan_id }) => plan_id).filter((id) => !known.has(id)))];
    const more = missing.length === 0 ? new Map<string, Plan>() : await this.plans.byIds(tenant, missing);
    return (id) => {
      const plan = known.get(id) ?? more.get(id);
      invariant(plan !== undefined, 'the plan of a line is there');
      return plan;
    };
  }
}

/**
 * Fee periods that were over before the billing period that ends with an instant, or holds it, are left alone: nothing
 * changes in them, but for an invoice that is issued again. Null: all are looked at.
 */
function reachOf(about: SubscriptionWithPlan, asOf: Date, { reissuedFrom }: FeesThere): Date | null {
  const start = periodAt(about, new Date(asOf.getTime() - 1))?.period.start ?? null;
  return start === null || reissuedFrom === null ? start : earlier(start, reissuedFrom);
}

function earlier(one: Date, other: Date): Date {
  return one.getTime() < other.getTime() ? one : other;
}

interface FeeRow {
  readonly subscription_id: string;
  readonly fee_id: string;
  readonly key: string;
  readonly plan_id: string;
  readonly price_id: string;
  readonly description: string;
  readonly kind: 'price' | 'credit';
  readonly period_start: Date;
  readonly period_end: Date;
  readonly quantity: string;
  readonly exact_amount: string;
  readonly amount: string;
  readonly noted: string;
  readonly waived: boolean;
  readonly reissued: boolean;
  readonly number: string | null;
}

/** In the order they were written. */
const FEES_OF_SUBSCRIPTIONS = `
  SELECT line.subscription_id, line.fee_id, line.key, line.plan_id, line.price_id, line.description, line.kind,
         line.period_start, line.period_end, line.quantity::text, line.exact_amount::text, line.amount::text,
         (SELECT COALESCE(sum(note.amount), 0)::text FROM credit_note_line AS note
           WHERE note.organisation_id = line.organisation_id AND note.line_id = line.id) AS noted,
         invoice.status = 'void' AS waived, invoice.reissued_as IS NOT NULL AS reissued, invoice.number
    FROM invoice_line AS line
    JOIN invoice ON (invoice.organisation_id, invoice.id) = (line.organisation_id, line.invoice_id)
   WHERE line.organisation_id = $1 AND line.subscription_id = ANY ($2::uuid[]) AND line.fee_id IS NOT NULL
   ORDER BY line.id`;

function toBilledFee(row: FeeRow, plan: Plan): BilledFee {
  const price = plan.prices.find(({ id }) => id === row.price_id);
  invariant(price !== undefined, 'the price of a fee is one of its plan’s');
  return {
    feeId: row.fee_id,
    key: row.key,
    plan,
    price,
    description: row.description,
    stretch: { start: row.period_start, end: row.period_end },
    kind: row.kind,
    quantity: new Decimal(row.quantity),
    exactAmount: new Decimal(row.exact_amount),
    amount: new Decimal(row.amount),
    noted: new Decimal(row.noted),
    state: row.waived ? 'waived' : 'live',
    invoice: row.number,
  };
}
