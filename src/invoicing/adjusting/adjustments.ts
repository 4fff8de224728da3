import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../../access';
import type { SubscriptionWithPlan } from '../../customers';
import { ChargeUsageService } from '../../metering';
import { type Settings, SETTINGS } from '../../platform/config';
import { dependsOnEarlier, looksBack } from '../drafts/billing-history';
import { type BilledPeriod, billedLines, billedPeriodsBefore, changesSince } from './billed-periods';
import { adjustPeriod, type DraftLine, type PeriodChange } from '../domain';
import { PeriodRater } from '../drafts/period-rater';
import type { InvoicePartEntity } from '../persistence/invoice-part.entity';
import { PeriodBilledEntity } from '../persistence/period-billed.entity';
import type { RatedPeriod } from '../drafts/rated-period';

/** What a draft adjusts of earlier periods. */
export interface Adjusted {
  readonly lines: readonly DraftLine[];
  /** The periods that were rated again, oldest first. */
  readonly again: readonly RatedPeriod[];
  /** Those among them whose events changed: billed up to now, once the draft is finalized. */
  readonly changed: readonly { readonly start: Date; readonly events: number }[];
}

/** A billed period, and what happened to its events since. */
export interface ChangedPeriod {
  readonly billed: BilledPeriod;
  readonly change: PeriodChange;
}

const NOTHING: Adjusted = { lines: [], again: [], changed: [] };

/** Late and corrected usage of periods that were billed: finds what is different, and has it billed by a later invoice. */
@Injectable()
export class Adjustments {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ChargeUsageService) private readonly usage: ChargeUsageService,
    @Inject(PeriodRater) private readonly rater: PeriodRater,
  ) {}

  /**
   * What the draft of a period has to adjust. Writes nothing, and sees what finalized invoices say at this moment: after
   * one that has adjusted a period, the next finds no difference.
   *
   * Only periods that something happened to are rated again, and those behind them whose charges depend on them.
   */
  async of(db: EntityManager, tenant: Tenant, about: SubscriptionWithPlan, periodIndex: number): Promise<Adjusted> {
    const before = await billedPeriodsBefore(db, about, periodIndex, this.settings.WEIR_ADJUSTMENT_PERIODS);
    const billed = before.filter(({ behindDraft }) => !behindDraft);
    if (billed.length === 0) return NOTHING;
    const eventsNow = await this.eventsIn(tenant, about, billed);
    const changes = await changesSince(db, about, billed, eventsNow);
    if (changes.size === 0) return NOTHING;

    const lines: DraftLine[] = [];
    const again: RatedPeriod[] = [];
    for (const { periodIndex: index, period } of billed) {
      const change = changes.get(index) ?? null;
      if (change === null && again.length === 0) continue;
      const rated = await this.rater.rate(db, tenant, about, index, again);
      if (change === null && !dependsOnEarlier(rated.segments) && !looksBack(rated.segments)) continue;
      again.push(rated);
      lines.push(...adjustPeriod(rated.draft, await billedLines(db, about, period), change));
    }
    const changed = again
      .filter(({ periodIndex: index }) => changes.has(index))
      .map(({ segments, events }) => ({ start: segments[0]!.period.start, events }));
    return { lines, again, changed };
  }

  /** Notes by a part of a finalized invoice up to where its own period and those it adjusts are billed. */
  async note(
    db: EntityManager,
    { organisationId, subscriptionId, invoiceId, periodStart }: InvoicePartEntity,
    throughBatch: string,
    own: RatedPeriod,
    { changed }: Adjusted,
  ): Promise<void> {
    await db.insert(
      PeriodBilledEntity,
      [...changed, { start: periodStart, events: own.events }].map(({ start, events }) => ({
        organisationId,
        subscriptionId,
        periodStart: start,
        throughBatch,
        invoiceId,
        events,
      })),
    );
  }

  /** Finalized periods that changed since, but that no draft adjusts any more, since they are too long ago; oldest first. */
  async beyondReach(db: EntityManager, tenant: Tenant, about: SubscriptionWithPlan): Promise<ChangedPeriod[]> {
    const all = await billedPeriodsBefore(db, about, about.subscription.openPeriod, null);
    const billed = all.filter(({ back }) => back > this.settings.WEIR_ADJUSTMENT_PERIODS);
    if (billed.length === 0) return [];
    const changes = await changesSince(db, about, billed, await this.eventsIn(tenant, about, billed));
    return billed.flatMap((each) => {
      const change = changes.get(each.periodIndex);
      return change === undefined ? [] : [{ billed: each, change }];
    });
  }

  private async eventsIn(
    tenant: Tenant,
    { customer }: SubscriptionWithPlan,
    billed: readonly BilledPeriod[],
  ): Promise<number[]> {
    const periods = billed.map(({ period }) => period);
    const usage = await this.usage.ofCustomers(tenant, [customer.id], periods, [], customer.timeZone);
    return usage.get(customer.id)!.map(({ allEvents }) => allEvents.events);
  }
}
