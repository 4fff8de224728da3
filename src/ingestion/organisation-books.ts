import type { PoolClient } from 'pg';
import type { Meter } from '../catalog';
import type { PriceBook, PriceBooksService } from '../costing';
import { asQueryable } from '../platform/database';
import { compileMeter, metersByType, type MetersByType } from '../metering';

/** What an event of an organisation is costed and counted by. */
export interface Books {
  readonly revision: string;
  /** Currency costs are kept in. */
  readonly currency: string;
  readonly meters: MetersByType;
  readonly prices: PriceBook;
}

interface MeterRow {
  id: string;
  key: string;
  name: string;
  event_type: string;
  aggregation: Meter['aggregation'];
  value_field: string | null;
  time_unit: Meter['timeUnit'];
  filters: Meter['filters'];
  group_by: string[];
}

const MOST_REMEMBERED = 1_000;

/**
 * Meters and prices of organisations, in memory. The writer compares their revision in each of its transactions, while
 * it holds the lock that whoever changes them needs, so that an event is never counted by yesterday's meters.
 */
export class OrganisationBooks {
  private readonly books = new Map<string, Books>();

  constructor(private readonly priceBooks: PriceBooksService) {}

  /** The books at this revision, loaded through the writer's connection when memory has another. */
  async at(client: PoolClient, organisationId: string, revision: string, currency: string): Promise<Books> {
    const known = this.books.get(organisationId);
    if (known?.revision === revision) return known;

    const { rows } = await client.query<MeterRow>(
      `SELECT id, key, name, event_type, aggregation, value_field, time_unit, filters, group_by FROM meter WHERE organisation_id = $1`,
      [organisationId],
    );
    const meters = rows.map((row) =>
      compileMeter({
        id: row.id,
        key: row.key,
        name: row.name,
        eventType: row.event_type,
        aggregation: row.aggregation,
        valueField: row.value_field,
        timeUnit: row.time_unit,
        filters: row.filters,
        groupBy: row.group_by,
      }),
    );
    const books: Books = {
      revision,
      currency,
      meters: metersByType(meters),
      prices: await this.priceBooks.bookOf(asQueryable(client), organisationId),
    };
    if (this.books.size >= MOST_REMEMBERED) this.books.clear();
    this.books.set(organisationId, books);
    return books;
  }
}
