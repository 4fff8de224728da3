import { Inject, Injectable } from '@nestjs/common';
import { recordAudit, type Tenant } from '../access';
import { raiseCatalogRevision } from '../catalog';
import { Clock, InvalidRequestError } from '../kernel';
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
  storedCatalogueVersion,
  type StoredPriceRow,
} from './persistence/price-store';

/** Keeps the price books: the public catalogue, and each organisation's own prices over it. */
@Injectable()
export class PriceBooksService {
  private compiled: { readonly version: string; readonly catalogue: Catalogue } | null = null;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Stores the catalogue that came with this version of Weir, unless the operator approved another, and makes the stored
   * one ready. Called once, before the first event.
   */
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
    await this.catalogueAsStored({ query: (sql, parameters) => this.database.withoutTenant(sql, parameters) });
  }

  /** @param db sees the organisation's own prices as they are now */
  async bookOf(db: Queryable, organisationId: string): Promise<CostBook> {
    return {
      prices: compilePriceBook(await this.catalogueAsStored(db), await loadOwnPrices(db, organisationId)),
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
      const newest = await newestOwnPrice(db, tenant.organisationId);
      const stored = await insertOwnPrice(db, tenant.organisationId, row, this.clock.now());
      if (stored.id <= newest) return stored;

      await raiseCatalogRevision(db, tenant.organisationId);
      const { provider, model, validFrom, validTo } = stored;
      await recordAudit(db, tenant, {
        action: 'model_price.added',
        subject: { kind: 'model_price', id: String(stored.id) },
        after: { provider, model, validFrom, validTo, units: stored.units },
      });
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

  /**
   * The public catalogue, compiled once for each version. Whoever changes it raises the revision of every organisation,
   * so each of them asks for its book again, in every process, and finds the new version here.
   */
  private async catalogueAsStored(db: Queryable): Promise<Catalogue> {
    const version = await storedCatalogueVersion(db);
    if (this.compiled?.version !== version) {
      const { providers, prices } = await loadCatalogue(db);
      this.compiled = { version, catalogue: compileCatalogue(providers, prices) };
    }
    return this.compiled.catalogue;
  }
}

/** The highest id among an organisation's own prices; 0 where it has none. A later one is new. */
async function newestOwnPrice(db: Queryable, organisationId: string): Promise<number> {
  const [row] = await db.query<{ newest: number | null }>(
    'SELECT max(id) AS newest FROM model_price WHERE organisation_id = $1',
    [organisationId],
  );
  return row?.newest ?? 0;
}
