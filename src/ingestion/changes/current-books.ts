import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { PriceBooksService } from '../../costing';
import type { Queryable } from '../../platform/database';
import { type Books, OrganisationBooks } from '../organisation-books';

/** The meters and prices that an organisation's events are counted and costed by, for whoever corrects them. */
@Injectable()
export class CurrentBooks {
  private readonly books: OrganisationBooks;

  constructor(@Inject(PriceBooksService) priceBooks: PriceBooksService) {
    this.books = new OrganisationBooks(priceBooks);
  }

  /** As they are for this transaction. While ingest is paused they can't become others. */
  async of(db: Queryable, organisationId: string): Promise<Books> {
    const [found] = await db.query<{ catalog_revision: string; currency: string }>(
      'SELECT catalog_revision, currency FROM organisation WHERE id = $1',
      [organisationId],
    );
    return this.books.at(asClient(db), organisationId, found!.catalog_revision, found!.currency);
  }
}

/** The one method of a connection that the books use. */
function asClient(db: Queryable): PoolClient {
  const query = async (sql: string, parameters: unknown[] = []) => ({ rows: await db.query(sql, parameters) });
  return { query } as unknown as PoolClient;
}
