import { Inject, Injectable } from '@nestjs/common';
import { OrganisationEntity, type Tenant } from '../access';
import { CustomersService } from '../customers';
import { Clock, InvalidRequestError, type Period, type Window, windowStarts } from '../kernel';
import { Database } from '../platform/database';
import type { Dimension } from './domain';
import {
  type CostPosition,
  type CostRow,
  type CostSum,
  type DifferenceRow,
  findCostRows,
  findDifferences,
} from './persistence/cost-rows';

export interface CostsRequest {
  readonly from: Date | null;
  readonly to: Date | null;
  readonly groupBy: readonly Dimension[];
  /** Customers as the caller names them. */
  readonly filters: ReadonlyMap<Dimension, readonly (string | null)[]>;
  readonly window: Window | null;
  readonly timeZone: string;
  readonly limit: number;
  readonly after: CostPosition | null;
}

export interface CostReport {
  readonly period: Period;
  readonly currency: string;
  readonly total: CostSum;
  readonly rows: readonly (CostRow & {
    readonly period: Period;
    readonly group: Readonly<Record<string, string | null>>;
  })[];
}

const THIRTY_DAYS_MS = 30 * 86_400_000;
const MOST_WINDOWS = 1_000;

/** Tells what events cost, by whom and what for. */
@Injectable()
export class CostsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** @throws InvalidRequestError for a period that is none, or of too many windows; NotFoundError for an unknown customer */
  async report(tenant: Tenant, request: CostsRequest): Promise<CostReport> {
    const period = this.periodOf(request.from, request.to);
    const starts = startsOf(period, request.window, request.timeZone);
    const filters = new Map(request.filters);
    const named = filters.get('customer');
    if (named !== undefined) filters.set('customer', await this.idsOf(tenant, named));

    return this.database.tenant(tenant.organisationId, async (db) => {
      const { rows, total } = await findCostRows(db, {
        organisationId: tenant.organisationId,
        from: period.start,
        to: period.end,
        groupBy: request.groupBy,
        filters,
        windows: request.window === null ? null : starts.map((start) => new Date(start)),
        limit: request.limit,
        after: request.after,
      });
      const position = request.groupBy.indexOf('customer');
      const ids = position === -1 ? [] : rows.map((row) => row.values[position]!);
      const customers = await this.customers.byIds(tenant, ids);
      return {
        period,
        currency: await this.currencyOf(tenant),
        total,
        rows: rows.map((row) => ({
          ...row,
          period: {
            start: new Date(starts[row.window]!),
            end: new Date(starts[row.window + 1] ?? period.end.getTime()),
          },
          group: Object.fromEntries(
            request.groupBy.map((dimension, index) => {
              const value = row.values[index] ?? null;
              return [dimension, dimension === 'customer' ? customers.get(value!)!.key : value];
            }),
          ),
        })),
      };
    });
  }

  /** Events that carry a cost of their own and have a computed one, added up by provider and model. */
  async differences(
    tenant: Tenant,
    from: Date | null,
    to: Date | null,
    limit: number,
  ): Promise<{ period: Period; currency: string; rows: DifferenceRow[] }> {
    const period = this.periodOf(from, to);
    return this.database.tenant(tenant.organisationId, async (db) => {
      const currency = await this.currencyOf(tenant);
      const rows = await findDifferences(db, tenant.organisationId, period.start, period.end, currency, limit);
      return { period, currency, rows };
    });
  }

  private periodOf(from: Date | null, to: Date | null): Period {
    const end = to ?? this.clock.now();
    const start = from ?? new Date(end.getTime() - THIRTY_DAYS_MS);
    if (start.getTime() < end.getTime()) return { start, end };
    const detail = 'must be before the end of the period';
    throw new InvalidRequestError('invalid_period', `from: ${detail}`, [{ field: 'from', detail }]);
  }

  private async idsOf(tenant: Tenant, references: readonly (string | null)[]): Promise<string[]> {
    const ids: string[] = [];
    // An event always has a customer, so that an empty name asks for none.
    for (const reference of references) {
      if (reference !== null) ids.push((await this.customers.find(tenant, reference, 'customer')).id);
    }
    return ids;
  }

  private async currencyOf(tenant: Tenant): Promise<string> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const { currency } = await db.findOneByOrFail(OrganisationEntity, { id: tenant.organisationId });
      return currency;
    });
  }
}

function startsOf(period: Period, window: Window | null, timeZone: string): number[] {
  if (window === null) return [period.start.getTime()];
  const starts = windowStarts(period, window, timeZone, MOST_WINDOWS);
  if (starts !== null) return starts;
  const detail = `makes more than ${MOST_WINDOWS} windows of this period; ask for longer ones or a shorter period`;
  throw new InvalidRequestError('too_many_windows', `window: ${detail}`, [{ field: 'window', detail }]);
}
