import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { MetersService } from '../catalog';
import { type EventKey, findByCustomer, type StoredEvent } from '../events';
import { fromPublicId, NotFoundError, scaledText, type Micros } from '../kernel';
import { compileMeter, type CompiledMeter, ONE_QUANTITY } from '../metering';
import { Database } from '../platform/database';
import { InvoicesService, type InvoiceWithLines } from './invoices.service';
import type { InvoiceLineEntity } from './persistence/invoice-line.entity';

/** An event behind a line, with what the line's meter takes of it. */
export interface ExplainedEvent {
  readonly event: StoredEvent;
  readonly quantity: string;
}

export interface LineExplanation {
  readonly found: InvoiceWithLines;
  readonly line: InvoiceLineEntity;
  readonly events: readonly ExplainedEvent[];
}

/** Where a page of explained events ended. */
export interface ExplainPosition {
  readonly time: Micros;
  readonly key: EventKey;
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
  ) {}

  /**
   * @param lineReference our id of the line or its position, counted from 1
   * @param limit         events at most
   * @throws              NotFoundError
   */
  async explain(
    tenant: Tenant,
    invoiceReference: string,
    lineReference: string,
    after: ExplainPosition | null,
    limit: number,
  ): Promise<LineExplanation> {
    return this.database.tenant(tenant.organisationId, async () => {
      const found = await this.invoices.find(tenant, invoiceReference);
      const lineId = fromPublicId('invoiceLine', lineReference);
      const line = found.lines.find((each) =>
        lineId === null ? String(each.position + 1) === lineReference : each.id === lineId,
      );
      if (line === undefined) throw new NotFoundError('invoice line', lineReference);

      return { found, line, events: await this.eventsBehind(tenant, found, line, after, limit) };
    });
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
