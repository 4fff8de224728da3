import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import {
  CustomerDirectory,
  CustomersService,
  cyclesOf,
  periodAt,
  SubscriptionsService,
  type SubscriptionWithPlan,
} from '../../customers';
import { invariant, type Micros, toPublicId } from '../../kernel';
import { type CounterPeriod, namesSubscription, type ScopeFacts, type SubscriptionFacts } from '../domain';
import type { EntitlementRules } from '../rules';

/** Finds out what has to be known of a customer to tell which counters his work counts in. */
@Injectable()
export class ScopeFactsService {
  constructor(
    @Inject(CustomerDirectory) private readonly directory: CustomerDirectory,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
  ) {}

  /**
   * Reads the customer's subscriptions only where a cap that may apply to him names one; the rest is from memory.
   *
   * @param customerId one that exists
   */
  async of(tenant: Tenant, customerId: string, { caps }: Pick<EntitlementRules, 'caps'>): Promise<ScopeFacts> {
    const name = toPublicId('customer', customerId);
    const known = (await this.directory.find(tenant.organisationId, new Set([name]))).get(name);
    invariant(known !== undefined, 'work is for a customer that exists');

    const isNamed = caps.some((cap) => namesSubscription(cap) && (cap.scope.customer ?? customerId) === customerId);
    if (!isNamed) return { timeZone: known.timeZone, subscriptions: [] };
    const customer = await this.customers.find(tenant, name);
    const subscriptions = await this.subscriptions.ofCustomer(tenant, customer);
    return { timeZone: known.timeZone, subscriptions: subscriptions.map(toFacts) };
  }
}

function toFacts(about: SubscriptionWithPlan): SubscriptionFacts {
  const end = cyclesOf(about).at(-1)!.endAt;
  return {
    id: about.subscription.id,
    startMs: about.subscription.startAt.getTime(),
    endMs: end?.getTime() ?? null,
    periodAt: (at) => billingPeriodAt(about, at),
  };
}

function billingPeriodAt(about: SubscriptionWithPlan, at: Micros): CounterPeriod | null {
  const found = periodAt(about, new Date(Math.floor(at / 1_000)));
  if (found === null) return null;
  return { start: found.period.start.getTime() * 1_000, end: found.period.end.getTime() * 1_000 };
}
