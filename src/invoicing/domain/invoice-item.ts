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

/** An item as a line of an invoice. It is written once and never computed again. */
export function itemLine(id: string, item: Item): DraftLine {
  const { currency, description, quantity, unitAmount, servicePeriod } = item;
  const exactAmount = quantity.times(unitAmount);
  return {
    kind: 'item',
    key: 'item',
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
