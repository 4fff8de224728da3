import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../../access';
import type { CustomerEntity } from '../../customers';
import { Clock } from '../../kernel';
import { TaxProvider } from '../../taxes';
import type { TaxRate } from '../../taxes/domain';
import { boughtBy, totalInvoice, type TotalledInvoice } from '../domain';
import type { InvoiceEntity } from '../persistence/invoice.entity';
import type { InvoiceLineEntity } from '../persistence/invoice-line.entity';

/** An invoice whose taxes and total are asked for. */
export interface InvoiceToTotal {
  readonly invoice: InvoiceEntity;
  readonly customer: CustomerEntity;
  readonly lines: readonly InvoiceLineEntity[];
}

/** Finds the taxes of invoices and totals them. */
@Injectable()
export class InvoiceTotals {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(TaxProvider) private readonly taxes: TaxProvider,
  ) {}

  /** Writes its share of the taxes to each line. @returns what each invoice comes to, in their order */
  async of(
    db: EntityManager,
    tenant: Tenant,
    invoices: readonly InvoiceToTotal[],
  ): Promise<readonly TotalledInvoice[]> {
    const rates = await this.ratesOf(db, tenant, invoices);
    return invoices.map(({ invoice, lines }, nth) => {
      const totalled = totalInvoice(
        lines.map((line, place) => ({
          amount: line.amount,
          exactAmount: line.exactAmount,
          // Money for credit is taxed when it is used, with what it pays for.
          rates: boughtBy(line) === 'credit' ? [] : rates[nth]![place]!,
        })),
        invoice.currency,
      );
      for (const [place, line] of lines.entries()) Object.assign(line, totalled.lines[place]!);
      return totalled;
    });
  }

  /** For each invoice, for each of its lines. An adjustment is taxed as the service that it is about. */
  private async ratesOf(
    db: EntityManager,
    tenant: Tenant,
    invoices: readonly InvoiceToTotal[],
  ): Promise<readonly (readonly (readonly TaxRate[])[])[]> {
    const now = this.clock.now();
    return this.taxes.ratesFor(
      db,
      tenant,
      invoices.map(({ invoice, lines }) => ({
        customerId: invoice.customerId,
        currency: invoice.currency,
        at: invoice.closesAt ?? now,
        lines: lines.map(({ id, amount, taxCode, taxBehaviour, periodStart, periodEnd }) => ({
          id,
          amount,
          taxCode,
          behaviour: taxBehaviour,
          at: periodEnd.getTime() > periodStart.getTime() ? periodEnd : now,
        })),
      })),
    );
  }
}
