import { ZERO } from '../../kernel';
import { exemptionReason } from './tax-category';
import type { TaxRate } from './tax-invoice';
import type { StoredTaxRate, TaxBehaviour } from './tax-rate';

/** How a customer stands towards taxes. */
export const TAX_STATUSES = ['taxed', 'exempt', 'reverse_charge'] as const;
export type TaxStatus = (typeof TAX_STATUSES)[number];

/** A customer's status, with what an invoice says about it. */
export interface CustomerTax {
  readonly status: TaxStatus;
  /** Why the customer isn't asked for tax, in words of one's own; null for those of the category. */
  readonly reason: string | null;
  /** Keys of rates that the customer bears in place of those of where they are; null for those of the place. */
  readonly rates: readonly string[] | null;
}

/** Everybody of whom nothing else was told. */
export const TAXED: CustomerTax = { status: 'taxed', reason: null, rates: null };

/**
 * What a line bears, now that the customer's status is known.
 *
 * Who is exempt, or owes the tax themselves, is asked for none: one entry of 0 % says so in place of all rates. What
 * nobody is taxed for stays what it is, with its own reason: rates of 0 % aren't lifted by a status.
 *
 * @param behaviour the line's own; null for that of each rate
 * @param rates     that apply to the line, by place and product
 * @returns         nothing where no rate applies to somebody taxed
 */
export function borneBy(
  { status, reason }: Pick<CustomerTax, 'status' | 'reason'>,
  behaviour: TaxBehaviour | null,
  rates: readonly StoredTaxRate[],
): TaxRate[] {
  const untaxed = rates.length > 0 && rates.every(({ percent }) => percent.isZero());
  if (status === 'taxed' || untaxed) return rates.map((rate) => toTaxRate(rate, behaviour));
  const category = status === 'exempt' ? 'E' : 'AE';
  const name = status === 'exempt' ? 'Tax exempt' : 'Reverse charge';
  return [
    {
      key: status,
      name,
      percent: ZERO,
      behaviour: behaviour ?? 'exclusive',
      category,
      reason: exemptionReason(category, reason),
    },
  ];
}

function toTaxRate(rate: StoredTaxRate, behaviour: TaxBehaviour | null): TaxRate {
  const { key, name, percent, category } = rate;
  return {
    key,
    name,
    percent,
    behaviour: behaviour ?? rate.behaviour,
    category,
    reason: exemptionReason(category, rate.reason),
  };
}
