import { ZERO } from '../../kernel';
import { exemptionReason } from './tax-category';
import type { AppliedRate } from './tax-invoice';
import type { TaxRate } from './tax-rate';

/** How a customer stands towards taxes. */
export const TAX_STATUSES = ['taxable', 'exempt', 'reverse_charge'] as const;
export type TaxStatus = (typeof TAX_STATUSES)[number];

/** A customer's status, with what an invoice says about it. */
export interface CustomerTax {
  readonly status: TaxStatus;
  /** Why the customer is exempt; null otherwise, or for the words of the category. */
  readonly reason: string | null;
  /** Keys of rates that the customer bears in place of those of where they are; null for those of the place. */
  readonly rates: readonly string[] | null;
}

/** Everybody of whom nothing else was told. */
export const TAXABLE: CustomerTax = { status: 'taxable', reason: null, rates: null };

/**
 * What a line bears, now that the customer's status is known.
 *
 * Who is exempt, or owes the tax themselves, is asked for none: one entry of 0 % says so in place of all rates. What
 * nobody is taxed for stays what it is, with its own reason: a rate of 0 % isn't lifted by a status.
 *
 * @param rates that apply to the line, by place and product
 * @returns     nothing where no rate applies to somebody taxable
 */
export function borneBy(customer: CustomerTax, rates: readonly TaxRate[]): AppliedRate[] {
  if (customer.status === 'taxable') return rates.map(toApplied);
  const untaxed = rates.filter(({ percent }) => percent.isZero());
  if (untaxed.length > 0 && untaxed.length === rates.length) return untaxed.map(toApplied);
  const category = customer.status === 'exempt' ? 'E' : 'AE';
  return [
    {
      rateId: null,
      key: customer.status,
      name: customer.status === 'exempt' ? 'Tax exempt' : 'Reverse charge',
      percent: ZERO,
      category,
      ...exemptionReason(category, customer.reason),
    },
  ];
}

function toApplied({ id, key, name, percent, category, reason }: TaxRate): AppliedRate {
  return { rateId: id, key, name, percent, category, ...exemptionReason(category, reason) };
}
