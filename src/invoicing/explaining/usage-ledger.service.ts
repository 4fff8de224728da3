import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import { MetersService } from '../../catalog';
import type { Plan } from '../../catalog/domain';
import { type CustomerEntity, planAt, type Segment, SubscriptionsService } from '../../customers';
import { type EventPosition, findListed, type ListedEvent, type StoredEvent } from '../../events';
import { type Decimal, type Period, scaledToDecimal } from '../../kernel';
import { type CompiledMeter, compileMeter, isAddedUp } from '../../metering';
import { type Settings, SETTINGS } from '../../platform/config';
import { Database } from '../../platform/database';
import { freeByRule, type LedgerEntry, type LedgerLine, type LedgerPlace, placeOfEvent, UsageLedger } from '../domain';
import { type BooksOfPeriod, booksOf, type SubscriptionBooks } from './usage-ledger-books';

const LOOKED_AT = 1_000;

/** A price of a plan that charges an event, with the units that its meter takes of it. */
interface Charged {
  readonly key: string;
  readonly byCost: boolean;
  /** Null where the meter doesn't add up, so that no part of an allowance is the event's. */
  readonly quantity: Decimal | null;
}

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
   * instant. Events are looked at one by one, a page at a time, so this takes as long as there are events; where a range
   * begins within a period with an allowance, those before it in that period as well.
   */
  async of(tenant: Tenant, customer: CustomerEntity, range: Period): Promise<LedgerEntry[]> {
    return this.database.snapshot(tenant.organisationId, async (db) => {
      const books: SubscriptionBooks[] = [];
      // The subscription that was made first comes first: what several charge is said once, of that one.
      for (const about of await this.subscriptions.ofCustomer(tenant, customer)) {
        books.push(await booksOf(db, about, range, this.settings.WEIR_ADJUSTMENT_PERIODS));
      }
      const places = new Places(books, new MetersAsOf(tenant, this.meters));
      const from = Math.min(range.start.getTime(), ...books.map((each) => each.countedFrom(range).getTime()));

      const ledger = new UsageLedger();
      let after: EventPosition | null = null;
      for (;;) {
        const page: ListedEvent[] = await findListed(db, {
          organisationId: tenant.organisationId,
          customerId: customer.id,
          from: from * 1_000,
          to: range.end.getTime() * 1_000,
          after,
          limit: LOOKED_AT,
          status: 'all',
        });
        for (const { event, state } of page) {
          const place: LedgerPlace = state === 'voided' ? { class: 'voided', invoice: null } : await places.of(event);
          if (event.happenedAt < range.start.getTime() * 1_000) continue;
          ledger.add(place, event.amount, event.costStatus === 'pending');
        }
        const last = page.at(-1);
        if (last === undefined || page.length < LOOKED_AT) return ledger.entries();
        after = { time: last.event.happenedAt, key: last.event.key };
      }
    });
  }
}

/** Where events stand by the first subscription that charges them; they come in the order of time. */
class Places {
  constructor(
    private readonly books: readonly SubscriptionBooks[],
    private readonly meters: MetersAsOf,
  ) {}

  async of(event: StoredEvent): Promise<LedgerPlace> {
    const ms = Math.floor(event.happenedAt / 1_000);
    let paused = false;
    for (const books of this.books) {
      const found = books.at(ms);
      if (found === null) continue;
      const { segments, bills, ownCut } = found;
      const segment = segments.find(({ period }) => period.start.getTime() <= ms && ms < period.end.getTime())!;
      // An invoice counted by the meter as it was then, everything later by the meter as it is.
      const asOf = ownCut !== null && event.batch <= ownCut ? ownCut : null;
      const charged = await this.meters.charging(segment.plan, event, asOf);
      if (charged.length === 0) {
        const isPaused = (segment.paused ?? null) !== null;
        paused ||= isPaused && (await this.meters.charging(planAt(books.about, new Date(ms)), event, asOf)).length > 0;
        continue;
      }
      const waits = event.costStatus === 'pending' && charged.some(({ byCost }) => byCost);
      const place = placeOfEvent(event.batch, bills, waits);
      if (segment.waived === true) return freeByRule('waived', place);
      if (segment.trial === 'everything') return freeByRule('trial', place);
      return place.class === 'billed' ? onLine(place, books, found, segment, charged) : place;
    }
    return { class: paused ? 'paused' : 'not_charged', invoice: null };
  }
}

/** What is billed stands on a line, and is included or not. */
function onLine(
  place: LedgerPlace,
  books: SubscriptionBooks,
  { bills }: BooksOfPeriod,
  { period }: Segment,
  charged: readonly Charged[],
): LedgerPlace {
  let included: LedgerLine | null = null;
  let asked: LedgerLine | null = null;
  let isAsked = false;
  for (const { key, quantity } of charged) {
    const units = books.lineOf(bills.invoice!.id, key, period.start);
    const isIncluded = units !== null && quantity !== null && units.take(quantity);
    if (isIncluded) included ??= units.line;
    else asked ??= units?.line ?? null;
    isAsked ||= !isIncluded;
  }
  return isAsked ? { ...place, line: asked } : { ...place, class: 'allowance', line: included };
}

/** Meters as they were when a batch was through, each compiled once. */
class MetersAsOf {
  private readonly compiled = new Map<string, CompiledMeter>();

  constructor(
    private readonly tenant: Tenant,
    private readonly meters: MetersService,
  ) {}

  /** The prices of a plan that charge an event, in their order. */
  async charging({ prices }: Plan, event: StoredEvent, throughBatch: number | null): Promise<Charged[]> {
    const charged: Charged[] = [];
    for (const { key, meterId, charge } of prices) {
      if (meterId === null) continue;
      const quantity = takenFrom(await this.of(meterId, throughBatch), event);
      if (quantity === undefined) continue;
      charged.push({ key, quantity, byCost: charge.model === 'consumption_margin' });
    }
    return charged;
  }

  private async of(meterId: string, throughBatch: number | null): Promise<CompiledMeter> {
    const key = `${meterId} ${throughBatch}`;
    const known = this.compiled.get(key);
    if (known !== undefined) return known;
    const compiled = compileMeter(await this.meters.asOf(this.tenant, meterId, throughBatch));
    this.compiled.set(key, compiled);
    return compiled;
  }
}

/** Undefined where the meter doesn't count it; null where it counts, but adds nothing up. */
function takenFrom(
  { meter, matches, measure, valueOf }: CompiledMeter,
  event: StoredEvent,
): Decimal | null | undefined {
  if (meter.eventType !== event.type || !matches(event)) return undefined;
  const measured = measure.of(valueOf(event));
  if (measured === null) return undefined;
  return isAddedUp(meter.aggregation) ? scaledToDecimal(measured.quantity) : null;
}
