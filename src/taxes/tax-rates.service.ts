import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { recordAudit, type Tenant } from '../access';
import { Clock, ConflictError, decimalText, fromPublicId, InvalidRequestError, NotFoundError } from '../kernel';
import { Database } from '../platform/database';
import { type NewTaxRate, overlap, sameScope, taxRateProblems } from './domain';
import { customersWithRate } from './persistence/customer-tax-store';
import {
  archiveTaxRates,
  type DatedTaxRate,
  findTaxRates,
  insertTaxRate,
  loadTaxRates,
  type TaxRateQuery,
} from './persistence/tax-rate-store';

/** Most rates that an organisation's lines may bear: each line is held against all. */
const MOST_RATES = 2_000;

/** Keeps an organisation's tax rates. They hold for what is made out from now on; a draft asks anew until it is final. */
@Injectable()
export class TaxRatesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Makes a rate, or another version of one: the same key, from another day on. Where two versions hold, the one that
   * began last counts. A repeat answers the stored one.
   *
   * @throws InvalidRequestError `invalid_tax_rate`
   * @throws ConflictError `tax_rate_exists` for a key and day with another content, or a key that is of another tax or
   *         place; `tax_rate_overlaps` when nothing could say which of two rates applies
   */
  async create(tenant: Tenant, wanted: NewTaxRate): Promise<DatedTaxRate> {
    const problems = taxRateProblems(wanted);
    const [first] = problems;
    if (first !== undefined) {
      throw new InvalidRequestError('invalid_tax_rate', `${first.field}: ${first.detail}`, problems);
    }

    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      await lockRates(db, organisationId);
      const rates = await loadTaxRates(db, organisationId);
      const stored = rates.find((rate) => rate.key === wanted.key && rate.validFrom === wanted.validFrom);
      if (stored !== undefined) return sameOrConflict(stored, wanted);
      refuseOtherScope(rates, wanted);
      refuseOverlap(rates, wanted);
      if (rates.length >= MOST_RATES) {
        throw new ConflictError('too_many_tax_rates', `An organisation has at most ${MOST_RATES} tax rates.`);
      }

      const made = await insertTaxRate(db, organisationId, wanted, this.clock.now());
      await recordAudit(db, tenant, {
        action: 'tax_rate.made',
        subject: { kind: 'tax_rate', id: wanted.key },
        after: { ...shown(wanted) },
      });
      return made;
    });
  }

  async list(tenant: Tenant, query: TaxRateQuery): Promise<DatedTaxRate[]> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, (db) => findTaxRates(db, organisationId, query));
  }

  /**
   * Takes a rate out of use: all its versions by its key, or one by its id. Invoices that were finalized keep what they
   * say. A repeat changes nothing.
   *
   * @returns what was named, archived
   * @throws  NotFoundError, ConflictError `tax_rate_in_use` when customers would be left without their own rate
   */
  async archive(tenant: Tenant, reference: string): Promise<DatedTaxRate[]> {
    const { organisationId } = tenant;
    const id = fromPublicId('taxRate', reference);
    return this.database.tenant(organisationId, async (db) => {
      await lockRates(db, organisationId);
      const named = await findTaxRates(db, organisationId, id === null ? { key: reference } : { id });
      const [one] = named;
      if (one === undefined) throw new NotFoundError('tax rate', reference);
      const open = named.filter(({ archivedAt }) => archivedAt === null);
      if (open.length === 0) return named;

      const versions = await findTaxRates(db, organisationId, { key: one.key });
      const left = versions.filter((rate) => rate.archivedAt === null && !open.some((each) => each.id === rate.id));
      const customers = left.length > 0 ? [] : await customersWithRate(db, organisationId, one.key);
      if (customers.length > 0) {
        throw new ConflictError(
          'tax_rate_in_use',
          `'${one.key}' is the own rate of ${customers.map((key) => `'${key}'`).join(', ')}. Give them others first.`,
        );
      }
      const now = this.clock.now();
      const ids = open.map((rate) => rate.id);
      await archiveTaxRates(db, organisationId, ids, now);
      await recordAudit(db, tenant, {
        action: 'tax_rate.archived',
        subject: { kind: 'tax_rate', id: one.key },
        before: { rates: open.map(shown) },
      });
      return named.map((rate) => (ids.includes(rate.id) ? { ...rate, archivedAt: now } : rate));
    });
  }
}

/**
 * Rates are looked at as a whole before one is added or taken away, so one after the other. The organisation's row comes
 * last in the order of locks: nothing else may be locked behind it.
 */
export async function lockRates(db: EntityManager, organisationId: string): Promise<void> {
  await db.query('SELECT FROM organisation WHERE id = $1 FOR NO KEY UPDATE', [organisationId]);
}

function sameOrConflict(stored: DatedTaxRate, wanted: NewTaxRate): DatedTaxRate {
  if (isDeepStrictEqual(shown(stored), shown(wanted))) return stored;
  throw new ConflictError(
    'tax_rate_exists',
    `There is a tax rate '${wanted.key}' ${sinceText(stored)} that says something else. A rate never changes: add one from another day on, or archive that one.`,
    [{ field: 'key', detail: 'is taken by another rate' }],
  );
}

/** All versions of a rate are of one tax, for one place and product, so that a key says what it is the key of. */
function refuseOtherScope(rates: readonly DatedTaxRate[], wanted: NewTaxRate): void {
  const other = rates.find((rate) => rate.key === wanted.key && !sameScope(rate, wanted));
  if (other === undefined) return;
  throw new ConflictError(
    'tax_rate_exists',
    `The tax rate '${wanted.key}' is of another tax, place or product. Make one with another key.`,
    [{ field: 'key', detail: 'is taken by a rate of another tax, place or product' }],
  );
}

function refuseOverlap(rates: readonly DatedTaxRate[], wanted: NewTaxRate): void {
  const other = rates.find((rate) => rate.key !== wanted.key && sameScope(rate, wanted) && overlap(rate, wanted));
  if (other === undefined) return;
  throw new ConflictError(
    'tax_rate_overlaps',
    `The rate '${other.key}' of '${other.tax}' is for the same place, product and days: nothing says which one applies. If both are owed, name another tax.`,
    [{ field: 'tax', detail: `has the rate '${other.key}' for the same place, product and days` }],
  );
}

function sinceText({ validFrom }: NewTaxRate): string {
  return validFrom === null ? 'for all the past' : `from ${validFrom} on`;
}

/** What a rate says, as a log shows it and a comparison sees it. */
function shown(rate: NewTaxRate): Record<string, unknown> {
  const { key, name, tax, behaviour, category, reason, country, region, city, taxCode, validFrom, validTo } = rate;
  const scope = { country, region, city, taxCode, validFrom, validTo };
  return { key, name, tax, percent: decimalText(rate.percent), behaviour, category, reason, ...scope };
}
