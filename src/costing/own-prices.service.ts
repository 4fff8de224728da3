import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { recordAudit, type Tenant } from '../access';
import { raiseCatalogRevision } from '../catalog';
import { Clock, ConflictError, type FieldProblem, InvalidRequestError, NotFoundError } from '../kernel';
import { Database, pauseIngest } from '../platform/database';
import { type PriceRow, priceRowProblems, priceWarnings } from './domain';
import { findOwnPrice, findOwnPrices, type OwnPriceFilter, retireOwnPrice } from './persistence/own-price-store';
import { insertOwnPrice, type StoredPriceRow } from './persistence/price-store';
import { toPriceId } from './price-book.schema';
import { PriceBooksService } from './price-books.service';

/** A price that was added, and what of it may be a slip. */
export interface AddedPrice {
  readonly price: StoredPriceRow;
  readonly warnings: readonly FieldProblem[];
}

type Transaction = Parameters<Parameters<Database['tenant']>[1]>[0];

/** Keeps an organisation's own prices and contracts. They are added and retired, never changed. */
@Injectable()
export class OwnPricesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(PriceBooksService) private readonly books: PriceBooksService,
  ) {}

  /**
   * Puts an own price over the catalogue's. It holds for events accepted from now on, whatever their time. A repeat of
   * the same price answers the stored one.
   *
   * @param confirmed that amounts far off the catalogue's are meant
   */
  async add(tenant: Tenant, row: PriceRow, confirmed: boolean): Promise<AddedPrice> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const warnings = await this.checked(db, row, confirmed);
      await pauseIngest(db, tenant.organisationId);
      return { price: await this.store(db, tenant, row), warnings };
    });
  }

  /** Makes a contract. A repeat answers the stored one; the same key with other terms is refused. */
  async addContract(
    tenant: Tenant,
    row: PriceRow & { readonly contract: string },
    confirmed: boolean,
  ): Promise<AddedPrice> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      const warnings = await this.checked(db, row, confirmed);
      await pauseIngest(db, organisationId);
      const existing = await findOwnPrice(db, organisationId, { contract: row.contract });
      if (existing === null) return { price: await this.store(db, tenant, row), warnings };
      const { id: _id, organisationId: _organisation, ...stored } = existing;
      if (isDeepStrictEqual(plain(stored), plain(row))) return { price: existing, warnings };
      throw new ConflictError(
        'contract_exists',
        `There is a contract '${row.contract}' with other terms. Retire it from when on the new ones hold, and make one with another key.`,
        [{ field: 'key', detail: 'is taken by another contract' }],
      );
    });
  }

  async list(tenant: Tenant, filter: OwnPriceFilter, after: number, limit: number): Promise<StoredPriceRow[]> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, (db) => findOwnPrices(db, organisationId, filter, after, limit));
  }

  /**
   * Ends an own price at an instant, for events accepted from now on: it is retired, and what it held for before is a
   * price of its own with another id.
   *
   * @returns what is left of it; null when it had not begun by then
   * @throws  NotFoundError
   */
  async retire(
    tenant: Tenant,
    by: { readonly id: number } | { readonly contract: string },
    at: Date,
    named: string,
  ): Promise<StoredPriceRow | null> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      await pauseIngest(db, organisationId);
      const price = await findOwnPrice(db, organisationId, by);
      if (price === null) {
        throw 'id' in by ? new NotFoundError('model price', named) : new NotFoundError('contract', named);
      }
      if (price.validTo !== null && at.getTime() >= Date.parse(price.validTo)) return price;

      const now = this.clock.now();
      const { id, organisationId: _organisation, ...row } = price;
      await retireOwnPrice(db, organisationId, id, now);
      const heldBefore = price.validFrom === null || at.getTime() > Date.parse(price.validFrom);
      const left = heldBefore
        ? (await insertOwnPrice(db, organisationId, { ...row, validTo: at.toISOString() }, now)).price
        : null;
      await recordAudit(db, tenant, {
        action: 'model_price.retired',
        subject: { kind: 'model_price', id: toPriceId(id) },
        before: { ...row },
        after: { validTo: left?.validTo ?? null, price: left === null ? null : toPriceId(left.id) },
      });
      await raiseCatalogRevision(db, organisationId);
      return left;
    });
  }

  /** @throws InvalidRequestError when the row can't be, or looks like a slip that nobody confirmed */
  private async checked(db: Transaction, row: PriceRow, confirmed: boolean): Promise<readonly FieldProblem[]> {
    const problems = priceRowProblems(row);
    if (problems.length > 0) {
      throw new InvalidRequestError('invalid_price', `${problems[0]!.field}: ${problems[0]!.detail}`, problems);
    }
    const at = row.validFrom === null ? this.clock.now() : new Date(row.validFrom);
    const warnings = priceWarnings(
      row,
      row.match === null ? await this.books.listed(db, row.provider, row.model, at) : null,
    );
    if (warnings.length > 0 && !confirmed) {
      throw new InvalidRequestError(
        'suspicious_price',
        `${warnings[0]!.field} ${warnings[0]!.detail}. Send it again with "confirm": true if it is meant.`,
        warnings,
      );
    }
    return warnings;
  }

  private async store(db: Transaction, tenant: Tenant, row: PriceRow): Promise<StoredPriceRow> {
    const { organisationId } = tenant;
    const { price, added } = await insertOwnPrice(db, organisationId, row, this.clock.now());
    if (!added) return price;
    await recordAudit(db, tenant, {
      action: row.contract === null || row.contract === undefined ? 'model_price.added' : 'contract.made',
      subject: { kind: 'model_price', id: toPriceId(price.id) },
      after: { ...row },
    });
    await raiseCatalogRevision(db, organisationId);
    return price;
  }
}

function plain(row: PriceRow): unknown {
  return JSON.parse(JSON.stringify(row));
}
