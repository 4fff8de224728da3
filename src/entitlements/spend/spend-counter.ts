import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import { countedMeter, MeterEntity } from '../../catalog';
import { eachInStretches } from '../../events';
import { newUuid, scaledFromDecimal, scaledToDecimal, ZERO } from '../../kernel';
import { compileMeter, metersByType, toCountedEvent } from '../../metering';
import { Database, type Queryable } from '../../platform/database';
import { insertAlerts } from '../alerts/alert-store';
import type { Counting, SpendEntry } from '../counting/counting-step';
import { PendingSums } from '../counting/pending-sums';
import type { PendingGroup } from '../domain';
import type { EntitlementRules } from '../rules';
import { ChargedSoFar, type ChargeSoFar, type PeriodSoFar, type RatedCustomers } from './charged-so-far';
import {
  insertEntries,
  loadTotals,
  neverRated,
  saveStates,
  saveTotals,
  type SpendTotal,
  unknownSpend,
  withoutState,
} from './spend-store';
import { type Cause, spread } from './spread';

/** Most customers in one turn who have nothing to be counted and are rated for the first time. */
const MOST_NEW = 500;
const MOST_REMEMBERED = 10_000;
/** What happened before anybody asked is told by quarters of an hour. */
const QUARTER_MICROS = 900_000_000;

/** A charge of a period with what it was and what it is. */
interface Difference {
  readonly charge: ChargeSoFar;
  readonly period: PeriodSoFar;
  readonly now: bigint;
  readonly amount: bigint;
}

/** Writes down what customers are charged more or less than was written down before, and says what caused it. */
@Injectable()
export class SpendCounter {
  /** By organisation the revision of its rules by which everybody was rated once. */
  private readonly complete = new Map<string, string>();

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(ChargedSoFar) private readonly charged: ChargedSoFar,
  ) {}

  /**
   * Whose spend has to be told by a counting: customers of whom something waits, some who never were rated, and those whom
   * it is unknown of.
   *
   * @param waiting customers of the rows that wait
   */
  async customersToRate(
    db: Queryable,
    rules: EntitlementRules,
    waiting: readonly string[],
    retryUnknown: boolean,
  ): Promise<string[]> {
    const { spendOf, organisationId } = rules;
    if (spendOf !== 'all' && spendOf.size === 0) return [];
    const unknown = retryUnknown ? await unknownSpend(db, organisationId) : [];
    const wanted = [...waiting, ...unknown].filter((id) => spendOf === 'all' || spendOf.has(id));
    return [...new Set([...wanted, ...(await this.neverRated(db, rules))])];
  }

  /** Who comes later is rated with the first event: so each revision of the rules asks for them until there are none left. */
  private async neverRated(db: Queryable, rules: EntitlementRules): Promise<string[]> {
    const { organisationId, revision } = rules;
    if (this.complete.get(organisationId) === revision) return [];
    const found = await neverRated(db, rules, MOST_NEW);
    if (found.length === 0) {
      if (this.complete.size >= MOST_REMEMBERED) this.complete.clear();
      this.complete.set(organisationId, revision);
    }
    return found;
  }

  /** What these customers are charged so far. Called within the snapshot that the rows are read in. */
  async rate(tenant: Tenant, rules: EntitlementRules, customerIds: readonly string[]): Promise<RatedCustomers> {
    const { organisationId } = tenant;
    return this.database.snapshot(organisationId, async (db) => {
      const rated = await this.charged.soFar(tenant, customerIds);
      const first = await withoutState(db, organisationId, customerIds);
      const periods = rated.periods.filter(({ customerId }) => first.has(customerId));
      if (periods.length === 0) return rated;

      const meters = await db.find(MeterEntity);
      const compiled = metersByType(meters.map((meter) => compileMeter({ ...countedMeter(meter), id: meter.id })));
      const sums = new PendingSums({ ...rules, loops: false });
      const stretches = periods.map(({ customerId, start, end }) => ({ customerId, from: start, to: end }));
      await eachInStretches(db, organisationId, null, stretches, (events) => {
        for (const event of events) {
          const { customerId, happenedAt, cost } = toCountedEvent(event);
          const quarter = Math.floor(happenedAt / QUARTER_MICROS) * QUARTER_MICROS;
          const begun = periods.findLast((each) => each.customerId === customerId && each.start <= happenedAt)?.start;
          // Not before the period that it is charged in.
          const time = Math.max(quarter, begun ?? quarter);
          sums.add({ event, customerId, time, model: event.model }, cost, compiled);
        }
      });
      return { ...rated, before: sums.groups() };
    });
  }

  /** The step of counting. */
  async count({ db, organisationId, rows, rated, now }: Counting): Promise<readonly SpendEntry[]> {
    if (rated === null) return [];
    const causes = causesOf(rows, rated.before ?? []);
    const differences = differencesOf(rated, await loadTotals(db, organisationId, rated.periods));
    const entries = differences.flatMap((each) => entriesOf(each, causes.get(each.charge.customerId) ?? []));
    await insertEntries(db, organisationId, entries, now);
    await saveTotals(
      db,
      organisationId,
      differences.filter(({ amount }) => amount !== 0n).map(({ charge, now: amount }) => ({ ...charge, amount })),
    );

    const customers = new Set([...rated.periods.map(({ customerId }) => customerId), ...rated.unknown.keys()]);
    const states = [...customers].map((customerId) => ({ customerId, reason: rated.unknown.get(customerId) ?? null }));
    const changed = await saveStates(db, organisationId, states, now);
    const lost = changed.filter(({ reason }) => reason !== null);
    await insertAlerts(
      db,
      organisationId,
      lost.map(({ customerId, reason }) => ({
        kind: 'spend_unknown',
        subject: `${customerId} ${now.toISOString()}`,
        customerId,
        capId: null,
        session: null,
        detail: { reason },
        at: now,
      })),
    );
    return entries;
  }
}

/**
 * By customer, what may have caused that they are charged otherwise. Of somebody who is rated for the first time that is all
 * that ever happened in the periods, what is counted now among it.
 */
function causesOf(rows: Counting['rows'], before: readonly PendingGroup[]): ReadonlyMap<string, readonly Cause[]> {
  const causes = new Map<string, Cause[]>();
  const add = (cause: Cause): void => {
    const { customer } = cause.group.scope;
    const ofCustomer = causes.get(customer);
    if (ofCustomer === undefined) causes.set(customer, [cause]);
    else ofCustomer.push(cause);
  };
  const first = new Set(before.map(({ scope }) => scope.customer));
  const waiting = new Set<string>();
  for (const { id, groups } of rows) {
    for (const group of groups) {
      if (group.holdId !== null) waiting.add(group.holdId);
      if (!first.has(group.scope.customer)) add({ group, pendingId: id });
    }
  }
  // A hold that nothing is counted for now isn't booked again.
  for (const group of before) {
    const holdId = group.holdId !== null && waiting.has(group.holdId) ? group.holdId : null;
    add({ group: { ...group, holdId }, pendingId: null });
  }
  return causes;
}

/** Every charge of the rated periods, changed or not, and those that are gone. */
function differencesOf({ charges, periods }: RatedCustomers, totals: readonly SpendTotal[]): Difference[] {
  const byPeriod = new Map(periods.map((period) => [periodName(period), period]));
  const before = new Map(totals.map((total) => [chargeName(total), total]));
  const differences = charges.map((charge): Difference => {
    const total = before.get(chargeName(charge));
    before.delete(chargeName(charge));
    const now = scaledFromDecimal(charge.amount);
    return { charge, period: byPeriod.get(periodName(charge))!, now, amount: now - (total?.amount ?? 0n) };
  });
  for (const total of before.values()) {
    if (total.amount === 0n) continue;
    const gone = { ...total, meterId: '', otherMeterIds: [], amount: ZERO, quantity: ZERO, byCost: false };
    differences.push({ charge: gone, period: byPeriod.get(periodName(total))!, now: 0n, amount: -total.amount });
  }
  return differences;
}

function entriesOf({ charge, period, amount }: Difference, causes: readonly Cause[]): SpendEntry[] {
  const { customerId, subscriptionId, periodIndex, currency, meterId } = charge;
  return spread(amount, charge, period, causes).map(({ cause, amount: part }) => ({
    id: newUuid(),
    customerId,
    subscriptionId,
    periodIndex,
    charge: charge.charge,
    meterId,
    currency,
    amount: scaledToDecimal(part),
    scope: { ...(cause?.group.scope ?? { customer: customerId }), subscription: subscriptionId },
    minute: cause?.group.minute ?? null,
    holdId: cause?.group.holdId ?? null,
    pendingId: cause?.pendingId ?? null,
  }));
}

function periodName({ subscriptionId, periodIndex }: Pick<PeriodSoFar, 'subscriptionId' | 'periodIndex'>): string {
  return `${subscriptionId} ${periodIndex}`;
}

function chargeName(of: Pick<SpendTotal, 'subscriptionId' | 'periodIndex' | 'charge' | 'currency'>): string {
  return `${periodName(of)} ${of.currency} ${of.charge}`;
}
