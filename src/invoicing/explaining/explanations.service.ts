import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import { MetersService } from '../../catalog';
import { type EventKey, findByCustomer, type StoredEvent } from '../../events';
import { Decimal, decimalText, fromPublicId, NotFoundError, scaledText, type Micros } from '../../kernel';
import { compileMeter, type CompiledMeter, ONE_QUANTITY } from '../../metering';
import { Database } from '../../platform/database';
import { chargeFor, type LineOfUsage, RunningUsage, runs } from '../domain';
import { InvoicesService, type InvoiceWithLines } from '../invoices.service';
import { PeriodRater } from '../drafts/period-rater';
import { segmentsToRate } from '../drafts/rated-period';
import type { InvoiceLineEntity } from '../persistence/invoice-line.entity';

/** An event behind a line, with what the line's meter takes of it. */
export interface ExplainedEvent {
  readonly event: StoredEvent;
  readonly quantity: string;
}

/** What a line's usage came to with an event, and what that charges: exact, before rounding. */
export interface RunningTotal {
  readonly quantity: string;
  readonly amount: string;
}

/** The same with the total so far; null where an event's part in the charge can't be told by itself. */
export interface ToldEvent extends ExplainedEvent {
  readonly runningTotal: RunningTotal | null;
}

export interface LineExplanation {
  readonly found: InvoiceWithLines;
  readonly line: InvoiceLineEntity;
  readonly events: readonly ToldEvent[];
  /** Where the next page begins; null when there are no more. */
  readonly next: (ExplainPosition & { readonly state: string }) | null;
}

/** Where a page of explained events ended. */
export interface ExplainPosition {
  readonly time: Micros;
  readonly key: EventKey;
}

/** Tells what a line comes to event by event, in the order of time. */
export interface LineRunner {
  next(event: ExplainedEvent): RunningTotal;
  /** To go on with from here; '' where it is too long to be handed on. */
  state(): string;
}

/** Events looked at in one go; most of them belong to the line. */
const LOOKED_AT = 1_000;

/** Answers "why is this line what it is": price, steps, tiers, and the events behind it. */
@Injectable()
export class ExplanationsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(PeriodRater) private readonly rater: PeriodRater,
  ) {}

  /**
   * @param after where the page before ended, with the state its totals had then
   * @param lineReference our id of the line or its position, counted from 1
   * @param limit         events at most
   * @throws              NotFoundError
   */
  async explain(
    tenant: Tenant,
    invoiceReference: string,
    lineReference: string,
    after: (ExplainPosition & { readonly state: string }) | null,
    limit: number,
  ): Promise<LineExplanation> {
    return this.database.tenant(tenant.organisationId, async () => {
      const found = await this.invoices.find(tenant, invoiceReference);
      const line = lineOf(found, lineReference);
      const events = await this.eventsBehind(tenant, found, line, after, limit + 1);
      const runner = await this.runnerOf(tenant, found, line, after?.state ?? null);

      const told = events
        .slice(0, limit)
        .map((event): ToldEvent => ({ ...event, runningTotal: runner?.next(event) ?? null }));
      const last = told.at(-1)?.event;
      const more = events.length > limit && last !== undefined;
      const next = more ? { time: last.happenedAt, key: last.key, state: runner?.state() ?? '' } : null;
      return { found, line, events: told, next };
    });
  }

  /**
   * What a line comes to event by event. Null where no event has its own part in it: where the meter doesn't add up,
   * where the charge looks at each event by itself, and for lines that aren't of a price.
   *
   * @param state of the page before; null to begin with the period
   */
  async runnerOf(
    tenant: Tenant,
    { invoice, parts, subscriptions, customer }: InvoiceWithLines,
    line: InvoiceLineEntity,
    state: string | null,
  ): Promise<LineRunner | null> {
    const part = parts.find(({ id }) => id === line.partId);
    if (line.kind !== 'price' || line.meterId === null || part?.kind !== 'period' || state === '') return null;
    const about = subscriptions.get(part.subscriptionId)!;
    const period = await this.database.tenant(tenant.organisationId, (db) =>
      this.rater.load(db, tenant, about, part.periodIndex),
    );
    const all = segmentsToRate(period);
    const place = all.findIndex((each) => each.period.start.getTime() === line.periodStart.getTime());
    const price = all[place]?.plan.prices.find(({ key }) => key === line.key);
    const throughBatch = invoice.eventsThrough === null ? null : Number(invoice.eventsThrough);
    const meter = await this.meters.asOf(tenant, line.meterId, throughBatch);
    if (price === undefined || !runs(meter, price.charge)) return null;

    const told: LineOfUsage = { meter, charge: price.charge, period: all[place]!.period, timeZone: customer.timeZone };
    const running = state === null ? new RunningUsage(told) : RunningUsage.from(told, state);
    if (running === null) return null;
    const segments = all.slice(0, place + 1);
    const { dimensionsOf } = compileMeter(meter);
    return {
      next: ({ event, quantity }) => {
        running.add({
          time: event.happenedAt,
          quantity: new Decimal(quantity),
          cost: event.amount,
          pending: event.costStatus === 'pending',
          dimensions: dimensionsOf(event),
        });
        const charged = chargeFor(segments, period.before, line.key, running.usage());
        return { quantity: decimalText(charged.quantity), amount: decimalText(charged.amount) };
      },
      state: () => running.state() ?? '',
    };
  }

  /** The line's events in the order of their time: those in the period that its meter counts, as the meter was when they were billed. */
  async eventsBehind(
    tenant: Tenant,
    { invoice }: InvoiceWithLines,
    line: InvoiceLineEntity,
    after: ExplainPosition | null,
    limit: number,
  ): Promise<ExplainedEvent[]> {
    if (line.meterId === null) return [];
    const throughBatch = invoice.eventsThrough === null ? null : Number(invoice.eventsThrough);
    const meter = await this.meters.asOf(tenant, line.meterId, throughBatch);
    const compiled = compileMeter(meter);

    const events: ExplainedEvent[] = [];
    let position = after;
    while (events.length < limit) {
      const page = await this.database.tenant(tenant.organisationId, (db) =>
        findByCustomer(db, {
          customerId: invoice.customerId,
          from: line.periodStart.getTime() * 1_000,
          to: line.periodEnd.getTime() * 1_000,
          after: position,
          limit: LOOKED_AT,
          type: meter.eventType,
          throughBatch,
        }),
      );
      for (const event of page) {
        const quantity = takenFrom(event, compiled);
        if (quantity !== null && events.length < limit) events.push({ event, quantity });
      }
      const last = page.at(-1);
      if (last === undefined || page.length < LOOKED_AT) break;
      position = { time: last.happenedAt, key: last.key };
    }
    return events;
  }
}

/** The line that a name means: our id or its position, counted from 1. @throws NotFoundError */
export function lineOf({ lines }: Pick<InvoiceWithLines, 'lines'>, reference: string): InvoiceLineEntity {
  const id = fromPublicId('invoiceLine', reference);
  const line = lines.find((each) => (id === null ? String(each.position + 1) === reference : each.id === id));
  if (line === undefined) throw new NotFoundError('invoice line', reference);
  return line;
}

/**
 * What a meter takes of an event, as text; null when it doesn't count it. Of counts and sums these add up to the line's
 * quantity; of other aggregations they are the values it was told from.
 */
function takenFrom(event: StoredEvent, { matches, measure, valueOf }: CompiledMeter): string | null {
  if (!matches(event)) return null;
  // An event from before the meter may hold what is of no use to it; the usage has left it out.
  const measured = measure.of(valueOf(event));
  if (measured === null) return null;
  return scaledText(measured.sample === null ? measured.quantity : (measured.sample.quantity ?? ONE_QUANTITY));
}
