import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { Database, type Queryable } from '../platform/database';
import { readCatalogue } from './catalogue';
import {
  type Catalogue,
  compileCatalogue,
  compilePriceBook,
  compileRates,
  type CostBook,
  compileResources,
  converter,
  type ModelPrice,
} from './domain';
import { loadExchangeRates } from './persistence/exchange-rate-store';
import {
  findPrices,
  loadCatalogue,
  loadOwnPrices,
  storeCatalogue,
  storedCatalogueVersion,
  type StoredPriceRow,
} from './persistence/price-store';
import { loadResources } from './persistence/resource-store';

/** Keeps the price books: the public catalogue, and each organisation's own prices over it. */
@Injectable()
export class PriceBooksService {
  private compiled: { readonly version: string; readonly catalogue: Catalogue } | null = null;

  constructor(@Inject(Database) private readonly database: Database) {}

  /**
   * Stores the catalogue that came with this version of Weir, unless the operator approved another, and makes the stored
   * one ready. Called once, before the first event.
   */
  async start(): Promise<void> {
    const shipped = await readCatalogue();
    await this.database.ownerTransaction((client) => storeCatalogue(client, shipped));
    await this.catalogueAsStored({ query: (sql, parameters) => this.database.withoutTenant(sql, parameters) });
  }

  /** @param db sees the organisation's own prices as they are now */
  async bookOf(db: Queryable, organisationId: string): Promise<CostBook> {
    return {
      prices: compilePriceBook(await this.catalogueAsStored(db), await loadOwnPrices(db, organisationId)),
      resources: compileResources(await loadResources(db, organisationId)),
      convert: converter(compileRates(await loadExchangeRates(db, organisationId))),
    };
  }

  /** The public catalogue's price of a model; null when it lists none. */
  async listed(db: Queryable, provider: string, model: string, at: Date): Promise<ModelPrice | null> {
    return compilePriceBook(await this.catalogueAsStored(db)).find(provider, model, at.getTime() * 1_000);
  }

  /**
   * The price that holds for a model at an instant, by the names that events carry, and the row it comes from; null
   * when none is known.
   */
  async inForce(
    tenant: Tenant,
    names: { readonly provider: string | null; readonly model: string; readonly serviceClass: string | null },
    at: Date,
  ): Promise<{ readonly row: StoredPriceRow; readonly price: ModelPrice } | null> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const book = await this.bookOf(db, tenant.organisationId);
      const price = book.prices.find(names.provider, names.model, at.getTime() * 1_000, names.serviceClass);
      const row = price === null ? undefined : (await findPrices(db, [price.id])).get(price.id);
      return price === null || row === undefined ? null : { row, price };
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
