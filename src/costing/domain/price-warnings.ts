import { Decimal, type FieldProblem, scaledToDecimal } from '../../kernel';
import { compileModelPrice, type ModelPrice, priceAbove, type PriceRow } from './model-price';
import { PRICED_UNITS } from './unit-table';

/** An own price this many times the catalogue's, or this part of it, is more likely typed wrong than agreed. */
const SUSPICIOUS = new Decimal(10);

/**
 * Amounts that are likely a slip: a price typed per token instead of per million, a point in the wrong place. Each own
 * amount is held against the catalogue's for the same unit and context step, a stated factor against 1.
 *
 * @param listed the catalogue's price of the model that the row is for; null when it has none, or in another currency,
 *               which says nothing about amounts
 * @returns      what is more than ten times off, by field; a price of zero for what the catalogue charges is
 */
export function priceWarnings(row: PriceRow, listed: ModelPrice | null): FieldProblem[] {
  if (row.factor !== null && row.factor !== undefined) {
    const detail = `multiplies the price by ${row.factor}, more than ten times off`;
    return isSuspicious(new Decimal(row.factor), new Decimal(1)) ? [{ field: 'factor', detail }] : [];
  }
  if (listed?.currency !== row.currency) return [];

  const own = compileModelPrice({ ...row, id: 0 });
  const warnings: FieldProblem[] = [];
  for (const unit of PRICED_UNITS) {
    const price = own.units[unit];
    const other = listed.units[unit];
    if (price === undefined || other === undefined) continue;
    const steps = [
      { field: `units.${unit}.amount`, above: -1 },
      ...price.tiers.map(({ above }, index) => ({ field: `units.${unit}.tiers[${index}].amount`, above })),
    ];
    for (const { field, above } of steps) {
      const [ours, theirs] = [price, other].map((each) => scaledToDecimal(priceAbove(each, above)));
      if (!isSuspicious(ours!, theirs!)) continue;
      const detail = `is ${ours!.toFixed()} for one, where the catalogue has ${theirs!.toFixed()}: more than ten times off`;
      warnings.push({ field, detail });
    }
  }
  return warnings;
}

function isSuspicious(own: Decimal, other: Decimal): boolean {
  return own.greaterThan(other.times(SUSPICIOUS)) || other.greaterThan(own.times(SUSPICIOUS));
}
