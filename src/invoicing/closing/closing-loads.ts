import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../../access';
import { usageNeeds } from '../../catalog/domain';
import { periodOf, type Segment, segmentsOf, type SubscriptionWithPlan } from '../../customers';
import { type Period, ZERO } from '../../kernel';
import { ChargeUsageService, type SegmentUsage } from '../../metering';
import { type Settings, SETTINGS } from '../../platform/config';
import type { Adjusted } from '../adjusting/adjustments';
import { dependsOnEarlier } from '../drafts/billing-history';
import type { Before } from '../domain';
import type { PeriodDecision } from '../drafts/made-part';
import {
  type EarlierPeriod,
  earlierPeriods,
  withCorrections,
  withPools,
  withThresholds,
} from '../persistence/earlier-periods';
import { ratePeriod } from '../drafts/rated-period';

/** A billing period of a subscription that is to be decided. */
export interface PeriodToDecide {
  readonly about: SubscriptionWithPlan;
  readonly periodIndex: number;
}

/** One that nothing of what came before has a say in. */
interface PlainPeriod<P extends PeriodToDecide = PeriodToDecide> {
  readonly wanted: P;
  readonly about: SubscriptionWithPlan;
  readonly segment: Segment;
  /** Billed periods before it that its invoice looks at again. */
  readonly earlier: readonly EarlierPeriod[];
}

const NOTHING_ADJUSTED: Adjusted = { lines: [], again: [], changed: [] };

/**
 * Decides billing periods of many subscriptions with a few statements for all of them, by the same pure functions that
 * decide one (`ratePeriod`, `computePeriod`). It takes on what is plain, which most are: one segment, nothing handed on
 * from earlier periods, nothing that came late. Whatever it isn't sure of it leaves to the general path.
 */
@Injectable()
export class ClosingLoads {
  constructor(
    @Inject(ChargeUsageService) private readonly usage: ChargeUsageService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @returns by what was asked for; what isn't plain, or can't be rated, is missing */
  async decide<P extends PeriodToDecide>(
    db: EntityManager,
    tenant: Tenant,
    wanted: readonly P[],
  ): Promise<ReadonlyMap<P, PeriodDecision>> {
    const plain = await this.untouched(db, tenant, wanted);
    const usages = await this.usagesOf(tenant, plain);
    const decisions = new Map<P, PeriodDecision>();
    for (const each of plain) {
      const { periodIndex } = each.wanted;
      const { segment } = each;
      try {
        const rated = ratePeriod({
          periodIndex,
          segments: [segment],
          before: beforeOf(periodIndex, segment),
          usages: [usages.get(each)!],
        });
        decisions.set(each.wanted, { rated, adjusted: NOTHING_ADJUSTED, takeOffs: [] });
      } catch {
        // The general path says what is wrong with this one.
      }
    }
    return decisions;
  }

  /** Plain ones of which no earlier period changed since it was billed, so that there is nothing to adjust. */
  private async untouched<P extends PeriodToDecide>(
    db: EntityManager,
    tenant: Tenant,
    wanted: readonly P[],
  ): Promise<PlainPeriod<P>[]> {
    const alone = wanted.flatMap((each) => {
      const segment = onlySegment(each);
      return segment === null ? [] : [{ wanted: each, about: each.about, segment }];
    });
    if (alone.length === 0) return [];
    const { organisationId } = tenant;
    const ids = alone.map(({ about }) => about.subscription.id);
    const starts = alone.map(({ segment }) => segment.period.start);
    const [billed, pooled] = [await withThresholds(db, organisationId, ids), await withPools(db, organisationId, ids)];
    const earlier = await earlierPeriods(db, organisationId, ids, starts, this.settings.WEIR_ADJUSTMENT_PERIODS);
    const plain = alone
      .map((each, place) => ({ ...each, earlier: earlier[place]! }))
      .filter(({ about }) => !billed.has(about.subscription.id) && !pooled.has(about.subscription.id));
    const since = Math.min(...plain.flatMap((each) => each.earlier).map(({ throughBatch }) => throughBatch));
    if (!Number.isFinite(since)) return plain;

    const corrected = await withCorrections(db, organisationId, customersOf(plain), since);
    const uncorrected = plain.filter(({ about }) => !corrected.has(about.customer.id));
    const late = await this.withLateEvents(tenant, uncorrected);
    return uncorrected.filter((each) => !late.has(each));
  }

  /** Those with another number of events in a billed period than when it was billed; or where that wasn't noted. */
  private async withLateEvents(tenant: Tenant, plain: readonly PlainPeriod[]): Promise<ReadonlySet<PlainPeriod>> {
    const late = new Set<PlainPeriod>();
    const withEarlier = plain.filter(({ earlier }) => earlier.length > 0);
    const periodsOf = ({ earlier }: PlainPeriod): Period[] => earlier.map(({ period }) => period);
    for (const alike of groupedBy(withEarlier, (each) => placeOf(each, periodsOf(each)))) {
      const { timeZone } = alike[0]!.about.customer;
      const usage = await this.usage.ofCustomers(tenant, customersOf(alike), periodsOf(alike[0]!), [], timeZone);
      for (const each of alike) {
        const now = usage.get(each.about.customer.id)!;
        if (each.earlier.some(({ events }, place) => events !== now[place]!.allEvents.events)) late.add(each);
      }
    }
    return late;
  }

  /** Those of one plan, period and time zone are read together. */
  private async usagesOf<P extends PeriodToDecide>(
    tenant: Tenant,
    plain: readonly PlainPeriod<P>[],
  ): Promise<ReadonlyMap<PlainPeriod<P>, SegmentUsage>> {
    const found = new Map<PlainPeriod<P>, SegmentUsage>();
    for (const alike of groupedBy(plain, (each) => `${placeOf(each, [each.segment.period])} ${pricesOf(each)}`)) {
      const { about, segment } = alike[0]!;
      const { prices } = segment.plan;
      const metered = prices.flatMap(({ meterId, charge }) => (meterId === null ? [] : [{ meterId, charge }]));
      const { timeZone } = about.customer;
      const usage = await this.usage.ofCustomers(tenant, customersOf(alike), [segment.period], metered, timeZone);
      for (const each of alike) found.set(each, usage.get(each.about.customer.id)![0]!);
    }
    return found;
  }
}

/** The segment of a period that is all there is of it; null where something else has a say in its charges. */
function onlySegment({ about, periodIndex }: PeriodToDecide): Segment | null {
  const [segment, ...more] = segmentsOf(about, periodOf(about, periodIndex));
  if (segment === undefined || more.length > 0 || segment.waived === true) return null;
  const { terms, prices } = segment.plan;
  const handsOn = dependsOnEarlier([segment]) || (terms?.pools ?? []).length > 0;
  const looksBack = prices.some(({ charge }) => (usageNeeds(charge).outcomes?.lookBackMs ?? 0) > 0);
  return handsOn || looksBack || about.subscription.thresholds !== null ? null : segment;
}

/** A commitment of one period is the period's own affair. */
function beforeOf(periodIndex: number, { plan }: Segment): Before {
  const term = plan.terms?.commitment === undefined ? null : { charged: ZERO, promised: ZERO, ends: true };
  return { periodIndex, pools: [], term };
}

/** Of one plan version the same usage is wanted; a subscription with terms of its own may want it in another detail. */
function pricesOf({ about, segment }: PlainPeriod): string {
  return about.overrides.length > 0 ? about.subscription.id : segment.plan.prices.map(({ id }) => id).join();
}

function customersOf(plain: readonly PlainPeriod[]): string[] {
  return [...new Set(plain.map(({ about }) => about.customer.id))];
}

function placeOf({ about }: PlainPeriod, periods: readonly Period[]): string {
  return [about.customer.timeZone, ...periods.flatMap(({ start, end }) => [start.getTime(), end.getTime()])].join();
}

function groupedBy<T>(items: readonly T[], nameOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
