import { Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { invariant } from '../kernel';
import type { Queryable } from '../platform/database';
import { ratesByTable, type TaxRate, type TaxRequest } from './domain';
import { loadCustomers } from './persistence/customer-tax-store';
import { loadTaxRates } from './persistence/tax-rate-store';

/**
 * Who knows which taxes the lines of an invoice bear: one's own tables, or somebody who keeps the law of many countries.
 * What the rates come to isn't asked: `taxInvoice` computes that here, so that lines, rates and invoice add up whoever
 * answers.
 */
export abstract class TaxProvider {
  /**
   * The rates of each line of each request, in the order given. The same request has the same answer as long as nothing
   * was changed about rates and customers: drafts ask again and again.
   *
   * @param db       the transaction in which the invoices are made
   * @param requests many at once: a provider answers them with as few questions as it can
   */
  abstract ratesFor(
    db: Queryable,
    tenant: Tenant,
    requests: readonly TaxRequest[],
  ): Promise<readonly (readonly (readonly TaxRate[])[])[]>;
}

/** One's own tables: two statements, for however many invoices. */
@Injectable()
export class TableTaxProvider extends TaxProvider {
  async ratesFor(
    db: Queryable,
    { organisationId }: Tenant,
    requests: readonly TaxRequest[],
  ): Promise<readonly (readonly (readonly TaxRate[])[])[]> {
    if (requests.length === 0) return [];
    const ids = requests.map(({ customerId }) => customerId);
    const customers = await loadCustomers(db, organisationId, ids);
    const rates = await loadTaxRates(db, organisationId);

    return requests.map(({ customerId, lines }) => {
      const customer = customers.get(customerId);
      invariant(customer !== undefined, 'an invoice is of a customer that is there');
      return ratesByTable(rates, customer, lines);
    });
  }
}
