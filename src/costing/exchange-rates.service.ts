import { Inject, Injectable } from '@nestjs/common';
import { recordAudit, type Tenant } from '../access';
import { raiseCatalogRevision } from '../catalog';
import {
  Clock,
  type Currency,
  type Decimal,
  InvalidRequestError,
  SCALE,
  scaledFromDecimal,
  scaledToDecimal,
} from '../kernel';
import { Database, pauseIngest } from '../platform/database';
import { compileRates, convert, type ExchangeRate, exchangeRateProblems } from './domain/exchange-rates';
import {
  findExchangeRates,
  loadExchangeRates,
  type RateFilter,
  type SavedRates,
  saveExchangeRates,
  type StoredExchangeRate,
} from './persistence/exchange-rate-store';

/** Keeps an organisation's exchange rates. */
@Injectable()
export class ExchangeRatesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Stores rates, all or none. They hold for events accepted from now on, whatever their time; costs that are known
   * already stay, and costs that waited for a rate are priced by the job that prices what is pending. A repeat changes
   * nothing.
   */
  async add(tenant: Tenant, rates: readonly ExchangeRate[]): Promise<SavedRates> {
    const problems = exchangeRateProblems(rates);
    if (problems.length > 0) {
      throw new InvalidRequestError(
        'invalid_exchange_rate',
        `${problems[0]!.field}: ${problems[0]!.detail}`,
        problems.slice(0, 20),
      );
    }
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      await pauseIngest(db, organisationId);

      const saved = await saveExchangeRates(db, organisationId, withoutRepeats(rates), this.clock.now());
      if (saved.added + saved.replaced === 0) return saved;

      await recordAudit(db, tenant, {
        action: 'exchange_rate.added',
        subject: { kind: 'exchange_rate', id: pairsOf(rates) },
        after: { ...saved },
      });
      await raiseCatalogRevision(db, organisationId);
      return saved;
    });
  }

  /**
   * How amounts turn into another currency by the rates in force at an instant; null where there is none.
   *
   * @see convert, which says how exactly
   */
  async convertingAt(
    tenant: Tenant,
    at: Date,
  ): Promise<(amount: Decimal, from: Currency, to: Currency) => Decimal | null> {
    const { organisationId } = tenant;
    const rates = compileRates(
      await this.database.tenant(organisationId, (db) => loadExchangeRates(db, organisationId)),
    );
    return (amount, from, to) => {
      if (from === to) return amount;
      const converted = convert(
        rates,
        scaledFromDecimal(amount.toDecimalPlaces(SCALE)),
        from,
        to,
        at.getTime() * 1_000,
      );
      return converted === null ? null : scaledToDecimal(converted);
    };
  }

  /** Rates by pair and time. */
  async list(
    tenant: Tenant,
    filter: RateFilter,
    after: readonly string[] | null,
    limit: number,
  ): Promise<StoredExchangeRate[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      findExchangeRates(db, tenant.organisationId, filter, after, limit),
    );
  }
}

/** The list with each pair and instant once; that it says the same each time was checked. */
function withoutRepeats(rates: readonly ExchangeRate[]): ExchangeRate[] {
  return [...new Map(rates.map((rate) => [`${rate.base} ${rate.quote} ${rate.validFrom}`, rate])).values()];
}

/** The first pairs of a list, such as `EUR/USD, GBP/USD`: what an entry of the log is about. */
function pairsOf(rates: readonly ExchangeRate[]): string {
  const pairs = [...new Set(rates.map((rate) => `${rate.base}/${rate.quote}`))];
  return pairs.length > 10 ? `${pairs.slice(0, 10).join(', ')}, …` : pairs.join(', ');
}
