import { Inject, Injectable } from '@nestjs/common';
import { recordAudit, type Tenant } from '../access';
import { type CustomerEntity, lockCustomers } from '../customers';
import {
  Clock,
  ConflictError,
  type FieldProblem,
  InvalidRequestError,
  invariant,
  NotFoundError,
  toPublicId,
} from '../kernel';
import { Database, type Queryable } from '../platform/database';
import type { CustomerTax } from './domain';
import { loadCustomers, saveCustomerTax, type StoredCustomerTax } from './persistence/customer-tax-store';
import { loadTaxRates } from './persistence/tax-rate-store';
import { lockRates } from './tax-rates.service';

/** Keeps how customers stand towards taxes. A change holds for drafts, and for what is made out afterwards. */
@Injectable()
export class CustomerTaxesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  async find(tenant: Tenant, customer: CustomerEntity): Promise<StoredCustomerTax> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, (db) => load(db, organisationId, customer));
  }

  /**
   * Puts a customer's status in place of what was said before. A repeat changes nothing.
   *
   * @throws InvalidRequestError `invalid_tax_status` when the parts contradict each other
   * @throws ConflictError `tax_id_missing` for reverse charge while the billing details have none
   * @throws NotFoundError for an own rate that isn't there
   */
  async change(tenant: Tenant, customer: CustomerEntity, wanted: CustomerTax): Promise<StoredCustomerTax> {
    const problems = statusProblems(wanted);
    const [first] = problems;
    if (first !== undefined) {
      throw new InvalidRequestError('invalid_tax_status', `${first.field}: ${first.detail}`, problems);
    }

    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      await lockCustomers(db, organisationId, [customer.id]);
      await lockRates(db, organisationId);
      const before = await load(db, organisationId, customer);
      if (JSON.stringify(shown(before)) === JSON.stringify(shown(wanted))) return before;
      if (wanted.status === 'reverse_charge' && before.taxId === null) {
        throw new ConflictError(
          'tax_id_missing',
          `An invoice under reverse charge states the customer's tax id: give one in the billing details (PATCH /v1/customers/${customer.key}) first.`,
        );
      }
      await refuseUnknownRates(db, organisationId, wanted.rates ?? []);

      await saveCustomerTax(db, organisationId, customer.id, wanted, this.clock.now());
      await recordAudit(db, tenant, {
        action: 'customer.tax_changed',
        subject: { kind: 'customer', id: toPublicId('customer', customer.id) },
        before: shown(before),
        after: shown(wanted),
      });
      return load(db, organisationId, customer);
    });
  }
}

async function load(db: Queryable, organisationId: string, { id }: CustomerEntity): Promise<StoredCustomerTax> {
  const found = (await loadCustomers(db, organisationId, [id])).get(id);
  invariant(found !== undefined, 'a customer that was found is there');
  return found;
}

async function refuseUnknownRates(db: Queryable, organisationId: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const known = new Set((await loadTaxRates(db, organisationId)).map(({ key }) => key));
  const missing = keys.findIndex((key) => !known.has(key));
  if (missing !== -1) throw new NotFoundError('tax rate', keys[missing]!, `rates[${missing}]`);
}

function statusProblems({ status, reason, rates }: CustomerTax): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (status === 'exempt' && reason === null) {
    problems.push({ field: 'reason', detail: 'is needed: an invoice states why the customer is exempt' });
  }
  if (status === 'taxed' && reason !== null) {
    problems.push({ field: 'reason', detail: 'is for customers who are not asked for tax' });
  }
  if (status !== 'taxed' && rates !== null) {
    problems.push({ field: 'rates', detail: 'are for customers who are taxed' });
  }
  return problems;
}

function shown({ status, reason, rates }: CustomerTax): Record<string, unknown> {
  return { status, reason, rates };
}
