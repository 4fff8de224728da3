import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Tenant } from '../access';
import { isUsageProblem, PriceBooksService, readUsage } from '../costing';
import { CustomerDirectory, type KnownCustomer } from '../customers';
import {
  type EventProblem,
  eventKey,
  isEventProblem,
  LONGEST,
  parseEvent,
  type TimeLimits,
  timeProblem,
  type UsageEvent,
} from '../events';
import { Clock, type Micros } from '../kernel';
import { UsageFolder } from '../metering';
import { LOGGER, type Logger } from '../platform';
import { type Settings, SETTINGS } from '../platform/config';
import { Database, uuidBytes } from '../platform/database';
import { type Receipt, RefusedWholeError } from './domain';
import { OrganisationBooks } from './organisation-books';
import { GroupCommit, type PreparedEvent } from './persistence/group-commit';

/** How a request's events are taken in, where that differs from `POST /v1/events`. */
export interface IngestOptions {
  /** Reads an event of another form than ours. Its problems name the fields of that form. */
  readonly parse?: (value: unknown) => UsageEvent | EventProblem;
  /** All events are stored or, where one is refused, none. */
  readonly atomic?: boolean;
}

/** Takes in events: checks each one, and stores, costs and counts those that are fine. */
@Injectable()
export class IngestionService implements OnApplicationShutdown {
  private readonly commits: GroupCommit;
  private readonly folder: UsageFolder;
  private readonly limits: TimeLimits;

  constructor(
    @Inject(Database) database: Database,
    @Inject(PriceBooksService) priceBooks: PriceBooksService,
    @Inject(CustomerDirectory) private readonly customers: CustomerDirectory,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(SETTINGS) settings: Settings,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.folder = new UsageFolder(database.owner, (error) =>
      logger.warn({ err: error }, 'usage could not be folded from memory; it will be from the table'),
    );
    this.commits = new GroupCommit(database.owner, new OrganisationBooks(priceBooks), this.folder);
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
    const { parse = parseEvent, atomic = false } = options;
    const parsed = values.map((value) => parse(value));
    const names = new Set<string>();
    for (const event of parsed) if (!isEventProblem(event)) names.add(event.customer);
    const customers = await this.customers.find(organisationId, names);
    const clocks = await this.clocksNeeded(organisationId, parsed, customers);

    const receivedAt = this.clock.now().getTime() * 1_000;
    const organisationBytes = uuidBytes(organisationId);
    const refused = new Map<number, Receipt>();
    const prepared: PreparedEvent[] = [];
    for (const [index, event] of parsed.entries()) {
      const result = isEventProblem(event)
        ? event
        : this.prepare(event, customers, clocks, receivedAt, organisationId, organisationBytes);
      if ('key' in result) prepared.push(result);
      else refused.set(index, { status: 'rejected', id: idOf(values[index]), problem: result });
    }

    const refusal = atomic ? RefusedWholeError.among(refused) : null;
    if (refusal !== null) throw refusal;

    const stored = await this.commits.submit(organisationId, prepared, atomic);
    if (refused.size === 0) return stored;
    let next = 0;
    return values.map((_, index) => refused.get(index) ?? stored[next++]!);
  }

  private prepare(
    event: UsageEvent,
    customers: ReadonlyMap<string, KnownCustomer>,
    clocks: ReadonlyMap<string, number>,
    receivedAt: Micros,
    organisationId: string,
    organisationBytes: Buffer,
  ): PreparedEvent | EventProblem {
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
    const late = timeProblem(time, nows, this.limits);
    if (late !== null) return late;
    const usage = readUsage(event.data);
    if (isUsageProblem(usage)) return { code: 'invalid_event', ...usage };

    return {
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
    };
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
