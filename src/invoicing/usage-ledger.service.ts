import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../access';
import { MetersService } from '../catalog';
import {
  anchorOf,
  type CustomerEntity,
  type Segment,
  segmentsOf,
  SubscriptionsService,
  type SubscriptionWithPlan,
} from '../customers';
import { type EventPosition, findListed, type ListedEvent, type StoredEvent } from '../events';
import { billingPeriodAt, type Period } from '../kernel';
import { type CompiledMeter, compileMeter } from '../metering';
import { type Settings, SETTINGS } from '../platform/config';
import { Database } from '../platform/database';
import { type BilledPeriod, billedPeriodsBefore, draftsOf, laterCuts } from './billed-periods';
import { type LedgerEntry, type LedgerPlace, type PeriodBills, placeOfEvent, UsageLedger } from './domain';

/** A billing period of a subscription with what became of its bills. */
interface BooksOfPeriod {
  readonly period: Period;
  readonly segments: readonly Segment[];
  readonly bills: PeriodBills;
  /** The cut of its own invoice; null while it has none. */
  readonly ownCut: number | null;
}

const LOOKED_AT = 1_000;

/** Tells of each accepted event of a customer where in the invoices it is. */
@Injectable()
export class UsageLedgerService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
  ) {}

  /**
   * Counts and costs of every accepted event of a customer in a range of time, in one class each. All of it is of one
   * instant. Events are looked at one by one, a page at a time, so this takes as long as there are events.
   */
  async of(tenant: Tenant, customer: CustomerEntity, range: Period): Promise<LedgerEntry[]> {
    return this.database.snapshot(tenant.organisationId, async (db) => {
      const books: ((ms: number) => BooksOfPeriod | null)[] = [];
      // The subscription that was made first comes first: what several charge is said once, of that one.
      for (const about of await this.subscriptions.ofCustomer(tenant, customer)) {
        books.push(await this.booksOf(db, about));
      }
      const meters = new MetersAsOf(tenant, this.meters);

      const ledger = new UsageLedger();
      let after: EventPosition | null = null;
      for (;;) {
        const page: ListedEvent[] = await findListed(db, {
          organisationId: tenant.organisationId,
          customerId: customer.id,
          from: range.start.getTime() * 1_000,
          to: range.end.getTime() * 1_000,
          after,
          limit: LOOKED_AT,
          status: 'all',
        });
        for (const { event, state } of page) {
          const place: LedgerPlace =
            state === 'voided' ? { class: 'voided', invoice: null } : await placeOf(event, books, meters);
          ledger.add(place, event.amount, event.costStatus === 'pending');
        }
        const last = page.at(-1);
        if (last === undefined || page.length < LOOKED_AT) return ledger.entries();
        after = { time: last.event.happenedAt, key: last.event.key };
      }
    });
  }

  /** Of a subscription the billing period that an instant is in; instants are asked for in the order of time. */
  private async booksOf(db: EntityManager, about: SubscriptionWithPlan): Promise<(ms: number) => BooksOfPeriod | null> {
    const billed = await billedPeriodsBefore(db, about, about.subscription.openPeriod, null);
    const byStart = new Map(billed.map((each) => [each.period.start.getTime(), each]));
    const drafts = await draftsOf(db, about);
    const cuts = await laterCuts(db, about);

    let last: BooksOfPeriod | null = null;
    return (ms) => {
      if (last !== null && includes(last.period, ms)) return last;
      if (ms < about.subscription.startAt.getTime()) return null;
      const { period } = billingPeriodAt(anchorOf(about), new Date(ms));
      const start = period.start.getTime();
      const own = byStart.get(start);
      last = {
        period,
        segments: segmentsOf(about, period),
        bills: this.billsOf(own, drafts.get(start) ?? null, cuts.get(start) ?? []),
        ownCut: own?.ownThroughBatch ?? null,
      };
      return last;
    };
  }

  private billsOf(
    own: BilledPeriod | undefined,
    draft: PeriodBills['invoice'],
    later: PeriodBills['billed'],
  ): PeriodBills {
    if (own === undefined) return { invoice: draft, billed: [], inReach: true };
    const { invoice, ownThroughBatch, back } = own;
    const adjusting = later.filter(({ invoice: { id } }) => id !== invoice.id);
    return {
      invoice,
      billed: [{ throughBatch: ownThroughBatch, invoice }, ...adjusting],
      inReach: back <= this.settings.WEIR_ADJUSTMENT_PERIODS,
    };
  }
}

/** Meters as they were when a batch was through, each compiled once. */
class MetersAsOf {
  private readonly compiled = new Map<string, CompiledMeter>();

  constructor(
    private readonly tenant: Tenant,
    private readonly meters: MetersService,
  ) {}

  async of(meterId: string, throughBatch: number | null): Promise<CompiledMeter> {
    const key = `${meterId} ${throughBatch}`;
    const known = this.compiled.get(key);
    if (known !== undefined) return known;
    const compiled = compileMeter(await this.meters.asOf(this.tenant, meterId, throughBatch));
    this.compiled.set(key, compiled);
    return compiled;
  }
}

/** Where an event stands by the first subscription that charges it. */
async function placeOf(
  event: StoredEvent,
  books: readonly ((ms: number) => BooksOfPeriod | null)[],
  meters: MetersAsOf,
): Promise<LedgerPlace> {
  const ms = Math.floor(event.happenedAt / 1_000);
  for (const booksAt of books) {
    const found = booksAt(ms);
    if (found === null) continue;
    const { segments, bills, ownCut } = found;
    const { plan } = segments.find((segment) => includes(segment.period, ms))!;
    // An invoice counted by the meter as it was then, everything later by the meter as it is.
    const asOf = ownCut !== null && event.batch <= ownCut ? ownCut : null;
    let charged = false;
    let byCost = false;
    for (const { meterId, charge } of plan.prices) {
      if (meterId === null || !counts(await meters.of(meterId, asOf), event)) continue;
      charged = true;
      byCost ||= charge.model === 'consumption_margin';
    }
    if (charged) return placeOfEvent(event.batch, bills, byCost && event.costStatus === 'pending');
  }
  return { class: 'not_charged', invoice: null };
}

function includes({ start, end }: Period, ms: number): boolean {
  return start.getTime() <= ms && ms < end.getTime();
}

function counts({ meter, matches, measure, valueOf }: CompiledMeter, event: StoredEvent): boolean {
  return meter.eventType === event.type && matches(event) && measure.of(valueOf(event)) !== null;
}
