import { type Decimal, sum, ZERO } from '../../../kernel';

/** What one of a meter's quantity takes of a wallet in units of its own, by meter. A meter without a row takes nothing. */
export type BurnTable = ReadonlyMap<string, Decimal>;

/**
 * The units that quantities of meters take: 1,200 tokens at 0.001 and 2 images at 5 are 11.2 units.
 *
 * @param quantities by meter; below zero where usage was taken back
 */
export function unitsOf(quantities: ReadonlyMap<string, Decimal>, table: BurnTable): Decimal {
  return sum([...quantities].map(([meter, quantity]) => quantity.times(table.get(meter) ?? ZERO)));
}
