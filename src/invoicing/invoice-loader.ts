import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { OrganisationEntity, type Tenant } from '../access';
import { PlansService, type StoredPlan } from '../catalog';
import {
  type CustomerEntity,
  CustomersService,
  SubscriptionEntity,
  SubscriptionsService,
  type SubscriptionWithPlan,
} from '../customers';
import { loadDrafts } from './drafts/draft-gathering';
import { inOrder } from './drafts/part-lines';
import type { InvoiceEntity } from './persistence/invoice.entity';
import type { InvoiceLineEntity } from './persistence/invoice-line.entity';
import type { InvoicePartEntity } from './persistence/invoice-part.entity';

/** An invoice with its lines and what it is about. */
export interface InvoiceWithLines {
  readonly invoice: InvoiceEntity;
  /** In the order of its lines. */
  readonly parts: readonly InvoicePartEntity[];
  readonly lines: readonly InvoiceLineEntity[];
  readonly customer: CustomerEntity;
  /** Those that it bills, by their uuid. */
  readonly subscriptions: ReadonlyMap<string, SubscriptionWithPlan>;
  /** The one that it bills; null when there are several, or none. */
  readonly about: SubscriptionWithPlan | null;
  /** Plans of lines that no subscription has any more, since the change that brought them was taken back; by their uuid. */
  readonly plans: ReadonlyMap<string, StoredPlan>;
  /** Currency of the cost. */
  readonly costCurrency: string;
}

/** Loads invoices with everything that is said of them, with as many queries for a page of them as for one. */
@Injectable()
export class InvoiceLoader {
  constructor(
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(PlansService) private readonly plans: PlansService,
  ) {}

  async withLines(db: EntityManager, tenant: Tenant, invoice: InvoiceEntity): Promise<InvoiceWithLines> {
    return (await this.allWithLines(db, tenant, [invoice]))[0]!;
  }

  /** @returns in the order given */
  async allWithLines(
    db: EntityManager,
    tenant: Tenant,
    invoices: readonly InvoiceEntity[],
  ): Promise<InvoiceWithLines[]> {
    if (invoices.length === 0) return [];
    const stored = await loadDrafts(db, invoices);
    const subscriptions = await this.subscriptionsOf(
      db,
      tenant,
      [...stored.values()].flatMap(({ parts }) => parts),
    );
    const customers = await this.customers.byIds(tenant, [...new Set(invoices.map(({ customerId }) => customerId))]);
    const plans = await this.plansBeside(tenant, [...stored.values()].flatMap(({ lines }) => lines), subscriptions); // prettier-ignore
    const costCurrency = await this.costCurrency(db, tenant);
    return invoices.map((invoice) => {
      const { parts, lines } = stored.get(invoice.id)!;
      const own = subscriptionsAmong(parts, subscriptions);
      return {
        invoice,
        parts: parts.sort(inOrder),
        lines,
        customer: customers.get(invoice.customerId)!,
        subscriptions: own,
        about: own.size === 1 ? [...own.values()][0]! : null,
        plans,
        costCurrency,
      };
    });
  }

  /** The subscriptions that parts are about, by their uuid. */
  async subscriptionsOf(
    db: EntityManager,
    tenant: Tenant,
    parts: readonly InvoicePartEntity[],
  ): Promise<ReadonlyMap<string, SubscriptionWithPlan>> {
    if (parts.length === 0) return new Map();
    const ids = [...new Set(parts.map(({ subscriptionId }) => subscriptionId))];
    const found = await this.subscriptions.withPlans(tenant, await db.findBy(SubscriptionEntity, { id: In(ids) }));
    return new Map(found.map((about) => [about.subscription.id, about]));
  }

  /** Plans of lines that their subscriptions don't have any more. */
  async plansBeside(
    tenant: Tenant,
    lines: readonly InvoiceLineEntity[],
    subscriptions: ReadonlyMap<string, SubscriptionWithPlan>,
  ): Promise<ReadonlyMap<string, StoredPlan>> {
    const known = new Set([...subscriptions.values()].flatMap(({ phases }) => phases.map(({ plan }) => plan.id)));
    const missing = [...new Set(lines.flatMap(({ planId }) => planId ?? []))].filter((id) => !known.has(id));
    return missing.length === 0 ? new Map() : this.plans.byIds(tenant, missing);
  }

  async costCurrency(db: EntityManager, tenant: Tenant): Promise<string> {
    return (await db.findOneByOrFail(OrganisationEntity, { id: tenant.organisationId })).currency;
  }
}

/** Those of some parts, in the parts' order. */
export function subscriptionsAmong(
  parts: readonly InvoicePartEntity[],
  all: ReadonlyMap<string, SubscriptionWithPlan>,
): ReadonlyMap<string, SubscriptionWithPlan> {
  return new Map(parts.map(({ subscriptionId }) => [subscriptionId, all.get(subscriptionId)!]));
}
