import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import { MetersService } from '../../catalog';
import { CustomersService, SubscriptionsService } from '../../customers';
import { decimalText, InvalidRequestError, newUuid } from '../../kernel';
import { parseDuration } from '../../platform/config';
import { type CapPeriod, SCOPE_FIELDS, type ScopeField } from '../domain';
import type { StoredCap } from '../persistence/cap-store';
import type { CapChangeRequest, CapRequest } from './cap.schema';

/** What a request says of a cap, made ready to be stored; the rest is known when it is. */
export type CapDefinition = Omit<StoredCap, 'from_batch' | 'active_at' | 'created_at' | 'archived_at'>;

const SHORTEST_WINDOW_SECONDS = 60;
const LONGEST_WINDOW_SECONDS = 366 * 86_400;
/** What names of these are is each customer's own affair. */
const CUSTOMERS_OWN: readonly ScopeField[] = ['session', 'task', 'user', 'subscription'];

/** Turns what a request says of a cap into a definition, or says what is impossible about it. */
@Injectable()
export class CapDefinitions {
  constructor(
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(MetersService) private readonly meters: MetersService,
  ) {}

  /**
   * @param costCurrency of the organisation
   * @throws NotFoundError, InvalidRequestError `invalid_cap`, `cap_needs_subscription`, `cap_meter_not_additive`
   */
  async resolve(tenant: Tenant, request: CapRequest, costCurrency: string): Promise<CapDefinition> {
    const { customer, subscription, ...named } = await this.scopeOf(tenant, request);
    const meter = await this.meterOf(tenant, request);
    const { period, rollingSeconds } = periodOf(request);
    const scope = { ...named, ...(subscription === undefined ? {} : { subscription }) };
    const each = eachOf(
      request,
      period,
      new Set([...Object.keys(scope), ...(customer === undefined ? [] : ['customer'])]),
    );
    if (period === 'billing_period' && subscription === undefined && !each.includes('subscription')) {
      throw new InvalidRequestError(
        'cap_needs_subscription',
        'A cap by billing periods needs to know whose: name a subscription, or count each.',
        [{ field: 'scope.subscription', detail: 'is needed for the period billing_period' }],
      );
    }
    if (request.setBy === 'customer' && customer === undefined) {
      throw invalid('scope.customer', 'is needed for a cap that a customer sets');
    }
    return {
      id: newUuid(),
      key: request.key,
      name: request.name ?? request.key,
      set_by: request.setBy,
      customer_id: customer ?? null,
      scope,
      each_of: each,
      measure: request.measure,
      currency: currencyOf(request, costCurrency),
      meter_id: meter,
      period,
      rolling_seconds: rollingSeconds,
      limit_amount: decimalText(request.limit),
      forecast: request.forecast,
      ...kindOf(request.kind),
      thresholds: thresholdsOf(request.thresholds),
    };
  }

  private async scopeOf(tenant: Tenant, { scope }: CapRequest): Promise<Partial<Record<ScopeField, string>>> {
    const { customer, subscription, ...others } = scope;
    const given = Object.entries(others).filter(([, value]) => value !== undefined);
    const named = Object.fromEntries(given) as Partial<Record<ScopeField, string>>;
    const found = customer === undefined ? null : await this.customers.find(tenant, customer, 'scope.customer');
    if (subscription === undefined) return { ...named, ...(found === null ? {} : { customer: found.id }) };
    const { subscription: theirs } = await this.subscriptions.find(tenant, subscription);
    if (found !== null && theirs.customerId !== found.id) {
      throw invalid('scope.subscription', 'is another customer’s');
    }
    return { ...named, customer: theirs.customerId, subscription: theirs.id };
  }

  private async meterOf(tenant: Tenant, { measure, meter }: CapRequest): Promise<string | null> {
    if (measure !== 'units') {
      if (meter !== undefined) throw invalid('meter', 'is for caps in units only');
      return null;
    }
    if (meter === undefined) throw invalid('meter', 'is needed for a cap in units');
    const found = await this.meters.find(tenant, meter);
    if (found.archivedAt !== null) throw invalid('meter', 'is archived, so it counts no more');
    if (found.aggregation !== 'count' && found.aggregation !== 'sum') {
      throw new InvalidRequestError(
        'cap_meter_not_additive',
        `The meter '${found.key}' doesn’t add up: what it says can’t be held before the work, nor settled bit by bit.`,
        [{ field: 'meter', detail: 'must have the aggregation count or sum' }],
      );
    }
    return found.id;
  }
}

/** The parts of a kind as they are stored. */
export function kindOf(kind: CapRequest['kind']): Pick<StoredCap, 'kind' | 'models'> {
  return typeof kind === 'string' ? { kind, models: null } : { kind: 'downgrade', models: kind.downgrade };
}

/** Ascending, each once. */
export function thresholdsOf(thresholds: NonNullable<CapChangeRequest['thresholds']>): string[] {
  const sorted = [...thresholds].sort((a, b) => a.comparedTo(b));
  return [...new Set(sorted.map((each) => decimalText(each)))];
}

function periodOf({ period }: CapRequest): { period: CapPeriod; rollingSeconds: number | null } {
  if (typeof period === 'string') return { period, rollingSeconds: null };
  const ms = parseDuration(period.rolling);
  const seconds = ms === null ? Number.NaN : ms / 1_000;
  if (Number.isInteger(seconds) && seconds >= SHORTEST_WINDOW_SECONDS && seconds <= LONGEST_WINDOW_SECONDS) {
    return { period: 'rolling', rollingSeconds: seconds };
  }
  throw invalid('period.rolling', 'must be a duration from 60s to 366d, such as 90m, 24h or 30d');
}

function currencyOf({ measure, currency }: CapRequest, costCurrency: string): string | null {
  if (measure === 'spend') {
    if (currency === undefined) throw invalid('currency', 'is needed for a cap of what is charged');
    return currency;
  }
  if (measure !== 'cost') {
    if (currency !== undefined) throw invalid('currency', 'is for caps of costs and of what is charged only');
    return null;
  }
  if (currency !== undefined && currency !== costCurrency) {
    throw invalid('currency', `must be ${costCurrency}, in which the organisation’s costs are kept`);
  }
  return costCurrency;
}

/** @param fixed fields that the scope names */
function eachOf({ each }: CapRequest, period: CapPeriod, fixed: ReadonlySet<string>): ScopeField[] {
  const wanted = new Set<ScopeField>(each);
  for (const field of wanted) {
    if (fixed.has(field)) throw invalid('each', `${field} has one value already: the scope names it`);
  }
  if ((period === 'session' || period === 'task') && !fixed.has(period)) wanted.add(period);
  const isCustomersOwn = CUSTOMERS_OWN.some((field) => wanted.has(field) || fixed.has(field));
  if (isCustomersOwn && !fixed.has('customer')) wanted.add('customer');
  return SCOPE_FIELDS.filter((field) => wanted.has(field));
}

function invalid(field: string, detail: string): InvalidRequestError {
  return new InvalidRequestError('invalid_cap', `${field} ${detail}.`, [{ field, detail }]);
}
