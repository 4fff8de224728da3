import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Tenant } from '../access';
import { isUsageProblem, PriceBooksService, readUsage } from '../costing';
import { CustomerDirectory, type KnownCustomer } from '../customers';
import { CountingService, EntitlementBooks, HoldEvents } from '../entitlements';
import {
  type EventProblem,
  eventKey,
  findByKeys,
  isEventProblem,
  LONGEST,
  parseEvent,
  type TimeLimits,
  timeProblem,
  type UsageEvent,
} from '../events';
import { Clock, InvalidRequestError, type Micros } from '../kernel';
import { UsageFolder } from '../metering';
import { LOGGER, type Logger } from '../platform';
import { type Settings, SETTINGS } from '../platform/config';
import { Database, uuidBytes } from '../platform/database';
import { type Receipt, RefusedWholeError } from './domain';
import { OrganisationBooks } from './organisation-books';
import { GroupCommit } from './persistence/group-commit';
import { type PreparedEvent, verdictOnRepeat } from './persistence/pending-commit';

/** How a request's events are taken in, where that differs from `POST /v1/events`. */
export interface IngestOptions {
  /** Reads an event of another form than ours. Its problems name the fields of that form. */
  readonly parse?: (value: unknown) => UsageEvent | EventProblem;
  /** All events are stored or, where one is refused, none. */
  readonly atomic?: boolean;
  /** A repeat with another time is a repeat: clients fill in the time of sending, and a retry by hand gets a new one. */
  readonly anyTime?: boolean;
  /** Nothing is stored: the receipts say what would become of the events. */
  readonly dryRun?: boolean;
  /** Events of any age are taken. */
  readonly backfill?: boolean;
  /** Told of the events that were accepted, after they were committed. */
  readonly onAccepted?: (events: readonly PreparedEvent[]) => void;
}

/** An event made ready, and what is wrong with its age where something is. */
interface Checked {
  readonly prepared: PreparedEvent;
  readonly tooOld: EventProblem | null;
}

/** What events are checked against, loaded once for all of a request. */
interface CheckAgainst {
  readonly organisationId: string;
  readonly organisationBytes: Buffer;
  readonly customers: ReadonlyMap<string, KnownCustomer>;
  readonly clocks: ReadonlyMap<string, number>;
  readonly receivedAt: Micros;
  readonly anyTime: boolean;
  readonly limits: TimeLimits;
}

/** Takes in events: checks each one, and stores, costs and counts those that are fine. */
@Injectable()
export class IngestionService implements OnApplicationShutdown {
  private readonly commits: GroupCommit;
  private readonly folder: UsageFolder;
  private readonly limits: TimeLimits;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(PriceBooksService) priceBooks: PriceBooksService,
    @Inject(CustomerDirectory) private readonly customers: CustomerDirectory,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(SETTINGS) settings: Settings,
    @Inject(LOGGER) logger: Logger,
    @Inject(EntitlementBooks) entitlements: EntitlementBooks,
    @Inject(CountingService) counting: CountingService,
    @Inject(HoldEvents) holdEvents: HoldEvents,
  ) {
    this.folder = new UsageFolder(database.owner, (error) =>
      logger.warn({ err: error }, 'usage could not be folded from memory; it will be from the table'),
    );
    const books = new OrganisationBooks(priceBooks);
    this.commits = new GroupCommit(database.owner, books, this.folder, entitlements, counting);
    holdEvents.offer((tenant, events) => this.recordWhole(tenant, events));
    this.limits = { maxAgeMs: settings.WEIR_EVENT_MAX_AGE, maxFutureMs: settings.WEIR_EVENT_MAX_FUTURE };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.commits.drain();
    await this.folder.stop();
  }

  /**
   * Takes in the events of one request, in any JSON the sender made of them. What is answered as accepted is committed.
   * A repeat of an event is answered as duplicate; a refused event does not keep the others out.
   *
   * @returns a receipt for each, in their order
   * @throws RefusedWholeError when the options say `atomic` and an event is refused
   */
  async ingest(tenant: Tenant, values: readonly unknown[], options: IngestOptions = {}): Promise<Receipt[]> {
    const { organisationId } = tenant;
    const { parse = parseEvent, atomic = false, dryRun = false } = options;
    const parsed = values.map((value) => parse(value));
    const against = await this.load(organisationId, parsed, options);

    const settled = new Map<number, Receipt>();
    const prepared: PreparedEvent[] = [];
    const tooOld = new Map<number, Checked>();
    for (const [index, event] of parsed.entries()) {
      const result = isEventProblem(event) ? event : this.check(event, against);
      if ('code' in result) settled.set(index, { status: 'rejected', id: idOf(values[index]), problem: result });
      else if (result.tooOld === null) prepared.push(result.prepared);
      else tooOld.set(index, result);
    }
    if (tooOld.size > 0) await this.settleTooOld(organisationId, tooOld, settled);

    const refusal = atomic ? RefusedWholeError.among(settled) : null;
    if (refusal !== null) throw refusal;

    const stored = dryRun
      ? await this.commits.rehearse(organisationId, prepared)
      : await this.commits.submit(organisationId, prepared, atomic);
    options.onAccepted?.(prepared.filter((_, place) => stored[place]!.status === 'accepted'));
    if (settled.size === 0) return stored;
    let next = 0;
    return values.map((_, index) => settled.get(index) ?? stored[next++]!);
  }

  /**
   * Stores the events that settle a hold, all of them or none. Safe to repeat.
   *
   * @throws InvalidRequestError with the code of the first event that is refused, naming its place
   */
  private async recordWhole(tenant: Tenant, values: readonly unknown[]): Promise<void> {
    try {
      await this.ingest(tenant, values, { atomic: true });
    } catch (error) {
      if (!(error instanceof RefusedWholeError)) throw error;
      const fields = error.refused.map(({ index, problem: { field, detail } }) => ({
        field: `events[${index}].${field}`,
        detail,
      }));
      const { problem } = error.refused[0]!;
      throw new InvalidRequestError(problem.code, `${fields[0]!.field}: ${problem.detail}`, fields);
    }
  }

  /**
   * One event made ready as `ingest` does it, for whoever stores it otherwise: an amendment.
   *
   * @param keptTime a time that is not held against the limits, since the event has it already
   */
  async prepareOne(
    tenant: Tenant,
    event: UsageEvent,
    options: { readonly backfill: boolean; readonly keptTime: Micros },
  ): Promise<PreparedEvent | EventProblem> {
    const against = await this.load(tenant.organisationId, [event], options);
    const keepsTime = event.time === null || event.time === options.keptTime;
    const result = this.check(keepsTime ? { ...event, time: null } : event, against);
    if ('code' in result) return result;
    return keepsTime ? { ...result.prepared, event, time: options.keptTime } : (result.tooOld ?? result.prepared);
  }

  private async load(
    organisationId: string,
    events: readonly (UsageEvent | EventProblem)[],
    { backfill = false, anyTime = false }: IngestOptions,
  ): Promise<CheckAgainst> {
    const names = new Set<string>();
    for (const event of events) if (!isEventProblem(event)) names.add(event.customer);
    const customers = await this.customers.find(organisationId, names);
    return {
      organisationId,
      organisationBytes: uuidBytes(organisationId),
      customers,
      clocks: await this.clocksNeeded(organisationId, events, customers),
      receivedAt: this.clock.now().getTime() * 1_000,
      anyTime,
      limits: backfill ? { ...this.limits, maxAgeMs: Infinity } : this.limits,
    };
  }

  /** A repeat of a stored event is one however old it has become, so what is too old is looked up before it is refused. */
  private async settleTooOld(
    organisationId: string,
    tooOld: ReadonlyMap<number, Checked>,
    settled: Map<number, Receipt>,
  ): Promise<void> {
    const keys = [...tooOld.values()].map(({ prepared }) => prepared.key);
    const stored = await this.database.tenant(organisationId, (db) => findByKeys(db, keys));
    for (const [index, { prepared, tooOld: problem }] of tooOld) {
      const first = stored.get(prepared.key);
      const refused: Receipt = { status: 'rejected', id: prepared.event.id, problem: problem! };
      settled.set(index, first === undefined ? refused : verdictOnRepeat(first, prepared));
    }
  }

  private check(event: UsageEvent, against: CheckAgainst): Checked | EventProblem {
    const { organisationId, organisationBytes, customers, clocks, receivedAt, anyTime, limits } = against;
    const customer = customers.get(event.customer);
    if (customer === undefined) {
      return {
        code: 'unknown_customer',
        field: 'customer',
        detail: `there is no customer '${event.customer.slice(0, 80)}' here; make it first`,
      };
    }
    const clock = customer.testClockId === null ? undefined : clocks.get(customer.testClockId);
    const nows = clock === undefined ? [receivedAt] : [receivedAt, clock * 1_000];
    const time = event.time ?? nows.at(-1)!;
    const late = timeProblem(time, nows, limits);
    if (late !== null && late.code !== 'event_too_old') return late;
    const usage = readUsage(event.data);
    if (isUsageProblem(usage)) return { code: 'invalid_event', ...usage };

    const prepared: PreparedEvent = {
      key: eventKey(organisationId, event.source, event.id),
      event,
      organisationId,
      organisationBytes,
      customerId: customer.id,
      customerBytes: customer.bytes,
      time,
      receivedAt,
      provider: usage.provider,
      model: usage.model,
      usage,
      anyTime,
    };
    return { prepared, tooOld: late };
  }

  /** Test clocks of the customers in this request; usually none. */
  private async clocksNeeded(
    organisationId: string,
    events: readonly (UsageEvent | EventProblem)[],
    customers: ReadonlyMap<string, KnownCustomer>,
  ): Promise<Map<string, number>> {
    const ids = new Set<string>();
    for (const event of events) {
      const id = isEventProblem(event) ? undefined : customers.get(event.customer)?.testClockId;
      if (id !== undefined && id !== null) ids.add(id);
    }
    return this.customers.clocks(organisationId, ids);
  }
}

/** The id of an event that could not be read, when it has a usable one. */
function idOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'id')) return null;
  const { id } = value as { id: unknown };
  return typeof id === 'string' ? id.slice(0, 2 * LONGEST.id) : null;
}
