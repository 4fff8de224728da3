import type { PoolClient } from 'pg';
import { countingRevisions } from '../catalog';
import type { CountingRevision } from '../catalog/domain';
import type { CostBook, PriceBooksService } from '../costing';
import { asQueryable } from '../platform/database';
import { compileMeter, metersByType, type MetersByType } from '../metering';

/** What an event of an organisation is costed and counted by. */
export interface Books {
  readonly revision: string;
  /** Currency costs are kept in. */
  readonly currency: string;
  readonly meters: MetersByType;
  /** Of each meter the one definition that it has now, under its own id: what caps and credit count by. */
  readonly currentMeters: MetersByType;
  readonly prices: CostBook;
}

const MOST_REMEMBERED = 1_000;

/**
 * Meters and prices of organisations, in memory. The writer compares their revision in each of its transactions, while
 * it holds the lock that whoever changes them needs, so that an event is never counted by yesterday's meters. A revision of
 * a meter that is still being filled counts like one that is full; its fill leaves events of from now on to ingest.
 */
export class OrganisationBooks {
  private readonly books = new Map<string, Books>();

  constructor(private readonly priceBooks: PriceBooksService) {}

  /** The books at this revision, loaded through the writer's connection when memory has another. */
  async at(client: PoolClient, organisationId: string, revision: string, currency: string): Promise<Books> {
    const known = this.books.get(organisationId);
    if (known?.revision === revision) return known;

    const revisions = await countingRevisions(asQueryable(client), organisationId);
    const books: Books = {
      revision,
      currency,
      meters: metersByType(revisions.map(({ meter }) => compileMeter(meter))),
      currentMeters: currentMeters(revisions),
      prices: await this.priceBooks.bookOf(asQueryable(client), organisationId),
    };
    if (this.books.size >= MOST_REMEMBERED) this.books.clear();
    this.books.set(organisationId, books);
    return books;
  }
}

/** A meter that is changing has two definitions that count: the earlier one is what it says until the other is full. */
function currentMeters(revisions: readonly CountingRevision[]): MetersByType {
  const current = new Map<string, CountingRevision>();
  for (const each of revisions) {
    const known = current.get(each.meterId);
    if (known === undefined || each.revision < known.revision) current.set(each.meterId, each);
  }
  return metersByType([...current.values()].map(({ meter, meterId }) => compileMeter({ ...meter, id: meterId })));
}
