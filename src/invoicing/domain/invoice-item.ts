import { type Currency, type Decimal, decimalText, type Period } from '../../kernel';
import { roundingStep, roundLine } from '../../rating/domain';
import type { TaxBehaviour } from '../../taxes/domain';
import type { DraftLine } from './draft-invoice';

/** A charge or credit that no price makes: a set-up, hours of advice, goodwill. */
export interface Item {
  readonly currency: Currency;
  readonly description: string;
  /** Above zero. */
  readonly quantity: Decimal;
  /** Of one; below zero for a credit. */
  readonly unitAmount: Decimal;
  readonly taxCode: string | null;
  /** Null: as the rate says. */
  readonly taxBehaviour: TaxBehaviour | null;
  /** Prepaid credit, in money or in units; null for anything else. */
  readonly buys: 'credit' | 'units' | null;
  /** What it is for; of something without a length, its day. */
  readonly servicePeriod: Period;
}

/** What an item comes to, rounded once: 2.5 hours at 99.99 are 249.975, so 249.98. */
export function itemAmount({
  quantity,
  unitAmount,
  currency,
}: Pick<Item, 'quantity' | 'unitAmount' | 'currency'>): Decimal {
  return roundLine(quantity.times(unitAmount), currency);
}

/** Keys of lines that sell prepaid credit. Money is untaxed: what it pays for is taxed when that is invoiced. */
const BUYING_KEYS = { credit: 'prepaid', units: 'prepaid_units' } as const;

/** What prepaid credit a line sells; null for none. */
export function boughtBy({ kind, key }: { readonly kind: string; readonly key: string }): 'credit' | 'units' | null {
  if (kind !== 'item') return null;
  return key === BUYING_KEYS.credit ? 'credit' : key === BUYING_KEYS.units ? 'units' : null;
}

/** An item as a line of an invoice. It is written once and never computed again. */
export function itemLine(id: string, item: Item): DraftLine {
  const { currency, description, quantity, unitAmount, servicePeriod } = item;
  const exactAmount = quantity.times(unitAmount);
  return {
    kind: 'item',
    key: item.buys === null ? 'item' : BUYING_KEYS[item.buys],
    plan: null,
    price: null,
    description,
    quantity,
    events: 0,
    exactAmount,
    amount: itemAmount(item),
    servicePeriod,
    breakdown: [
      { kind: 'unit', description, from: null, upTo: null, quantity, unitPrice: unitAmount, amount: exactAmount },
    ],
    steps: [
      `${decimalText(quantity)} × ${decimalText(unitAmount)} = ${decimalText(exactAmount)}.`,
      roundingStep(exactAmount, currency),
    ],
    pendingEvents: 0,
    itemId: id,
    taxCode: item.taxCode,
    taxBehaviour: item.taxBehaviour,
  };
}
