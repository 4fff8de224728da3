import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { raiseCatalogRevision } from '../catalog';
import { Clock, InvalidRequestError, invariant } from '../kernel';
import { Database, pauseIngest, type Queryable } from '../platform/database';
import { readCatalogue } from './catalogue';
import {
  type Catalogue,
  compileCatalogue,
  compilePriceBook,
  compileRates,
  type CostBook,
  compileResources,
  converter,
  type PriceRow,
  priceRowProblems,
} from './domain';
import { loadExchangeRates } from './persistence/exchange-rate-store';
import {
  findPrices,
  insertOwnPrice,
  loadCatalogue,
  loadOwnPrices,
  storeCatalogue,
  type StoredPriceRow,
} from './persistence/price-store';

/** Keeps the price books: the public catalogue, and each organisation's own prices over it. */
@Injectable()
export class PriceBooksService {
  private compiled: Catalogue | null = null;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Stores the catalogue that came with this version of Weir and makes it ready. Called once, before the first event. */
  async start(): Promise<void> {
    const shipped = await readCatalogue();
    const client = await this.database.owner.connect();
    try {
      await client.query('BEGIN');
      await storeCatalogue(client, shipped);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
    const { providers, prices } = await loadCatalogue({
      query: (sql, parameters) => this.database.withoutTenant(sql, parameters),
    });
    this.compiled = compileCatalogue(providers, prices);
  }

  /** @param db sees the organisation's own prices as they are now */
  async bookOf(db: Queryable, organisationId: string): Promise<CostBook> {
    return {
      prices: compilePriceBook(this.catalogue, await loadOwnPrices(db, organisationId)),
      resources: compileResources([]),
      convert: converter(compileRates(await loadExchangeRates(db, organisationId))),
    };
  }

  /**
   * Puts an own price over the catalogue's. It holds for events accepted from now on, whatever their time. A repeat of
   * the same price answers the stored one.
   */
  async addOwn(tenant: Tenant, row: PriceRow): Promise<StoredPriceRow> {
    const problems = priceRowProblems(row);
    if (problems.length > 0)
      throw new InvalidRequestError('invalid_price', `${problems[0]!.field}: ${problems[0]!.detail}`, problems);

    return this.database.tenant(tenant.organisationId, async (db) => {
      await pauseIngest(db, tenant.organisationId);
      const stored = await insertOwnPrice(db, tenant.organisationId, row, this.clock.now());
      await raiseCatalogRevision(db, tenant.organisationId);
      return stored;
    });
  }

  /** The price that holds for a model at an instant, by the names that events carry; null when none is known. */
  async inForce(tenant: Tenant, provider: string | null, model: string, at: Date): Promise<StoredPriceRow | null> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const book = await this.bookOf(db, tenant.organisationId);
      const price = book.prices.find(provider, model, at.getTime() * 1_000);
      return price === null ? null : ((await findPrices(db, [price.id])).get(price.id) ?? null);
    });
  }

  private get catalogue(): Catalogue {
    invariant(this.compiled !== null, 'the price catalogue is loaded before the first event');
    return this.compiled;
  }
}
