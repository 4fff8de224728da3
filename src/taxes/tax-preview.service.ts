import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { type CustomerEntity, CustomersService } from '../customers';
import { type Currency, type Decimal, instantOfLocal, localTimeOf } from '../kernel';
import { Database } from '../platform/database';
import { type Day, type InvoiceTaxes, type TaxBehaviour, taxInvoice } from './domain';
import { TaxProvider } from './tax-provider';

export interface PreviewedLine {
  readonly amount: Decimal;
  readonly taxCode?: string | null | undefined;
  readonly behaviour?: TaxBehaviour | null | undefined;
  /** The last day of the service; today without it. */
  readonly on?: Day | undefined;
}

const WHOLE_DAY_MINUTES = 1_440;

/** Says what taxes an invoice would bear, with the very functions that invoices are made with. */
@Injectable()
export class TaxPreviewService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(TaxProvider) private readonly provider: TaxProvider,
  ) {}

  async of(
    tenant: Tenant,
    customer: CustomerEntity,
    currency: Currency,
    lines: readonly PreviewedLine[],
  ): Promise<InvoiceTaxes> {
    const { timeZone } = customer;
    const now = await this.customers.nowFor(tenant, customer);
    const today = localTimeOf(now, timeZone).date;
    const asked = lines.map(({ amount, taxCode = null, behaviour = null, on = today }, index) => {
      return { id: String(index), amount, taxCode, behaviour, at: instantOfLocal(on, WHOLE_DAY_MINUTES, timeZone) };
    });
    const request = { customerId: customer.id, currency, at: now, lines: asked };

    const [rates = []] = await this.database.tenant(tenant.organisationId, (db) =>
      this.provider.ratesFor(db, tenant, [request]),
    );
    return taxInvoice(
      currency,
      lines.map(({ amount }, index) => ({ amount, rates: rates[index] ?? [] })),
    );
  }
}
