import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, MoreThanOrEqual } from 'typeorm';
import type { Tenant } from '../../access';
import { periodOf, type SubscriptionWithPlan } from '../../customers';
import { Adjustments } from '../adjusting/adjustments';
import { billedLines } from '../adjusting/billed-periods';
import type { DraftLine } from '../domain';
import { FeesReconciler } from './fees-reconciler';
import {
  type ComputedPeriod,
  computePeriod,
  type MadePart,
  type PeriodDecision,
  periodPart,
  writtenPart,
} from './made-part';
import { PeriodRater } from './period-rater';
import { InvoicePartEntity } from '../persistence/invoice-part.entity';
import { ThresholdLines } from '../thresholds/threshold-lines';

/** Finds what is to be billed of a subscription, and why. It writes nothing; who stores it holds the customer's row. */
@Injectable()
export class PartMaker {
  constructor(
    @Inject(PeriodRater) private readonly rater: PeriodRater,
    @Inject(Adjustments) private readonly adjustments: Adjustments,
    @Inject(FeesReconciler) private readonly fees: FeesReconciler,
    @Inject(ThresholdLines) private readonly thresholds: ThresholdLines,
  ) {}

  /** A billing period with the fees that begin when it ends, and what is different of earlier periods. */
  async period(db: EntityManager, tenant: Tenant, about: SubscriptionWithPlan, periodIndex: number): Promise<MadePart> {
    const decision = await this.load(db, tenant, about, periodIndex);
    const asOf = periodOf(about, periodIndex).end;
    return periodPart(about, decision, await this.feesOf(db, tenant, about, asOf));
  }

  /** What a period's part says as its usage is now, for a draft that has it. */
  async compute(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    periodIndex: number,
  ): Promise<ComputedPeriod> {
    return computePeriod(await this.load(db, tenant, about, periodIndex));
  }

  /** The fees with which the open period's cycle begins; null when there are none. */
  async start(db: EntityManager, tenant: Tenant, about: SubscriptionWithPlan): Promise<MadePart | null> {
    const periodIndex = about.subscription.openPeriod;
    const closesAt = periodOf(about, periodIndex).start;
    const lines = await this.feesOf(db, tenant, about, closesAt);
    return lines.length === 0 ? null : writtenPart(about, 'start', { periodIndex, closesAt }, lines);
  }

  /** What of fees in advance is different since a change; null when nothing is. */
  async change(db: EntityManager, tenant: Tenant, about: SubscriptionWithPlan, now: Date): Promise<MadePart | null> {
    const lines = await this.feesOf(db, tenant, about, now);
    if (lines.length === 0) return null;
    const periodIndex = about.subscription.openPeriod;
    const ordinal = await this.nextOrdinal(db, about, periodIndex);
    return writtenPart(about, 'change', { periodIndex, ordinal, closesAt: now }, lines);
  }

  /** What the open period's usage comes to beyond what thresholds have billed of it; null while that is below the threshold. */
  async threshold(db: EntityManager, tenant: Tenant, about: SubscriptionWithPlan, now: Date): Promise<MadePart | null> {
    const passed = await this.thresholds.passed(db, tenant, about, now);
    if (passed === null) return null;
    const { periodIndex, ordinal, line } = passed;
    return writtenPart(about, 'threshold', { periodIndex, ordinal, closesAt: now }, [line]);
  }

  /** Fees in advance that differ from what was billed of them, as of an instant or as of what was billed last. */
  async feesOf(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    asOf: Date,
  ): Promise<readonly DraftLine[]> {
    return (await this.fees.linesFor(db, tenant, [{ about, asOf }])).get(about.subscription.id)!;
  }

  private async load(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    periodIndex: number,
  ): Promise<PeriodDecision> {
    const adjusted = await this.adjustments.of(db, tenant, about, periodIndex);
    const rated = await this.rater.rate(db, tenant, about, periodIndex, adjusted.again);
    const takeOffs = await this.thresholds.takeOffs(db, tenant, about, periodIndex);
    const standing = await billedLines(db, about, periodOf(about, periodIndex));
    return { rated, adjusted, takeOffs, standing };
  }

  /** Parts of void invoices have had their numbers, too. */
  private async nextOrdinal(
    db: EntityManager,
    { subscription }: SubscriptionWithPlan,
    periodIndex: number,
  ): Promise<number> {
    const last = await db.findOne(InvoicePartEntity, {
      where: { subscriptionId: subscription.id, kind: 'change', periodIndex, ordinal: MoreThanOrEqual(0) },
      order: { ordinal: 'DESC' },
    });
    return last === null ? 0 : last.ordinal + 1;
  }
}
