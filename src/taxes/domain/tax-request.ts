import { type Currency, type Decimal, localTimeOf } from '../../kernel';
import { applicableRates } from './applicable-rates';
import type { TaxRate } from './tax-invoice';
import type { StoredTaxRate, TaxBehaviour, TaxPlace } from './tax-rate';
import { borneBy, type CustomerTax } from './tax-status';

/** A line whose rates are asked for. */
export interface TaxableLine {
  /** By which whoever asks finds it again. */
  readonly id: string;
  /** Rounded to the minor unit, discounts taken off; below zero for a credit. */
  readonly amount: Decimal;
  /** What is sold, by a code that rates name; null for nothing in particular. */
  readonly taxCode: string | null;
  /** Whether taxes come on top of the amount or lie within it; null where the price leaves that to the rate. */
  readonly behaviour: TaxBehaviour | null;
  /** The first instant after the service: the rates of its last day hold. */
  readonly at: Date;
}

/** An invoice, as far as taxes ask. */
export interface TaxRequest {
  readonly customerId: string;
  readonly currency: Currency;
  /** When it is made out, by the customer's clock. */
  readonly at: Date;
  readonly lines: readonly TaxableLine[];
}

/** What is known of a customer, as far as taxes ask. */
export interface TaxedCustomer extends CustomerTax {
  readonly timeZone: string;
  readonly place: TaxPlace;
}

/** The answer of one's own tables: the rates that each line bears, in the order of the lines. */
export function ratesByTable(
  rates: readonly StoredTaxRate[],
  customer: TaxedCustomer,
  lines: readonly TaxableLine[],
): TaxRate[][] {
  const { place, rates: ownRates, timeZone } = customer;
  return lines.map(({ taxCode, behaviour, at }) => {
    const on = localTimeOf(new Date(at.getTime() - 1), timeZone).date;
    return borneBy(customer, behaviour, applicableRates(rates, { place, taxCode, on, ownRates }));
  });
}
