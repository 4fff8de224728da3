import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../../access';
import { type Currency, Decimal, ZERO } from '../../kernel';
import { LedgerService, type Posting } from '../../wallet';
import { creditAppliedEntries, creditToApply } from '../domain';
import type { InvoiceEntity } from '../persistence/invoice.entity';

/**
 * What customers may use up: it pays their next invoices of the currency when they are finalized. The ledger is where it
 * is kept. Whoever calls holds the customer's row, so that nothing is used up twice.
 */
@Injectable()
export class CustomerCredit {
  constructor(@Inject(LedgerService) private readonly ledger: LedgerService) {}

  /**
   * Lets the customer's credit pay a numbered invoice, as far as it goes, and books that.
   *
   * @returns what it pays: the caller stores it as the invoice's `creditApplied`
   */
  async apply(db: EntityManager, tenant: Tenant, invoice: InvoiceEntity, at: Date): Promise<Decimal> {
    if (!invoice.total.greaterThan(0)) return ZERO;
    const balance = await this.balance(db, tenant, invoice.customerId, invoice.currency);
    const amount = creditToApply(balance, invoice.total);
    await this.ledger.post(db, tenant, creditPosting(invoice, amount, at));
    return amount;
  }

  /** Gives back what `apply` took for an invoice that is void now. A repeat does nothing. */
  async giveBack(db: EntityManager, tenant: Tenant, invoice: InvoiceEntity, at: Date): Promise<void> {
    const { source, customerId, currency } = creditPosting(invoice, ZERO, at);
    await this.ledger.reverse(db, tenant, source, {
      source: { ...source, purpose: 'credit_given_back' },
      customerId,
      currency,
      at,
      description: `Invoice ${invoice.number} is void`,
    });
  }

  /** What the customer has in a currency: zero or above. */
  async balance(db: EntityManager, tenant: Tenant, customerId: string, currency: Currency): Promise<Decimal> {
    return balanceOf(await this.balances(db, tenant, [customerId]), customerId, currency);
  }

  /** What customers have, in one question. `balanceOf` reads it. */
  async balances(db: EntityManager, tenant: Tenant, customerIds: readonly string[]): Promise<CreditBalances> {
    const sums = await this.ledger.balancesOf(db, tenant, 'customer_credit', customerIds);
    // What we owe is below zero in the ledger.
    return new Map(sums.map((each) => [creditPlace(each.customerId, each.currency), each.balance.negated()]));
  }
}

/** Credit by customer and currency. */
export type CreditBalances = ReadonlyMap<string, Decimal>;

export function balanceOf(balances: CreditBalances, customerId: string, currency: Currency): Decimal {
  return Decimal.max(balances.get(creditPlace(customerId, currency)) ?? ZERO, ZERO);
}

/** What is booked where credit pays an invoice. @param invoice numbered */
export function creditPosting(invoice: InvoiceEntity, amount: Decimal, at: Date): Posting {
  return {
    source: { kind: 'invoice', id: invoice.id, purpose: 'credit_applied' },
    customerId: invoice.customerId,
    currency: invoice.currency,
    at,
    description: `Credit is used for invoice ${invoice.number}`,
    entries: creditAppliedEntries(amount),
  };
}

export function creditPlace(customerId: string, currency: Currency): string {
  return `${currency} ${customerId}`;
}
