import { Decimal, invariant, scaledFromDecimal } from '../../kernel';
import {
  assemblePrice,
  compileModelPrice,
  type ModelPrice,
  type PriceRow,
  refuseProblems,
  type UnitPrice,
  type Validity,
  validityOf,
} from './model-price';
import type { NameMatch } from './name-match';
import { countsTokens, PRICED_UNITS, type PricedUnit } from './unit-table';

/**
 * An own price that is said as a multiple of another one, over one span of time.
 *
 * - With a class of service: what the standard price is multiplied by for that class ("batch": 0.5). It holds for
 *   tokens; searches, requests and all else cost in any class what they cost in the standard one, as providers have it.
 * - Without: what the catalogue's price is multiplied by, whole (a contract's discount of 15 per cent: 0.85).
 */
export interface PriceFactor extends Validity {
  readonly id: number;
  readonly provider: string;
  readonly model: string;
  readonly match: NameMatch | null;
  readonly serviceClass: string | null;
  readonly contract: string | null;
  /** Counting 10^-8. */
  readonly factor: bigint;
}

const FACTOR_SCALE = 8;
const ONE = 10n ** BigInt(FACTOR_SCALE);

/** An own price made ready: prices of units, or a multiple of other prices. @throws InvalidPriceError */
export function compileOwnPrice(row: PriceRow & { readonly id: number }): ModelPrice | PriceFactor {
  return row.factor === null || row.factor === undefined ? compileModelPrice(row) : compilePriceFactor(row);
}

/** @throws InvalidPriceError with the row's problems */
export function compilePriceFactor(row: PriceRow & { readonly id: number }): PriceFactor {
  refuseProblems(row);
  const { id, provider, model, match, serviceClass = null, contract = null, factor = null } = row;
  invariant(factor !== null, 'a row without prices of units has a factor');
  const scaled = scaledFromDecimal(new Decimal(factor), FACTOR_SCALE);
  return { id, provider, model, match, serviceClass, contract, factor: scaled, ...validityOf(row) };
}

/**
 * A price times a factor: 2.50 per million × 0.85 = 2.125 per million, tiers included. The price keeps its id.
 *
 * @returns null where the product of one unit has more than 24 decimals: nothing is rounded
 */
export function multiplyPrice(
  price: ModelPrice,
  { id, factor, serviceClass, contract }: PriceFactor,
): ModelPrice | null {
  const units: Partial<Record<PricedUnit, UnitPrice>> = {};
  for (const unit of PRICED_UNITS) {
    const standard = price.units[unit];
    if (standard === undefined) continue;
    const changed = serviceClass === null || countsTokens(unit) ? times(standard, factor) : standard;
    if (changed === null) return null;
    units[unit] = changed;
  }
  const origin = {
    serviceClass: serviceClass ?? price.origin.serviceClass,
    contract: contract ?? price.origin.contract,
    factorIds: [...price.origin.factorIds, id],
  };
  return assemblePrice({ ...price, origin }, units);
}

function times(price: UnitPrice, factor: bigint): UnitPrice | null {
  const amounts = [price.base, ...price.tiers.map((tier) => tier.price)].map((amount) => amount * factor);
  if (amounts.some((amount) => amount % ONE !== 0n)) return null;
  const [base, ...inTiers] = amounts.map((amount) => amount / ONE);
  return { base: base!, tiers: price.tiers.map(({ above }, index) => ({ above, price: inTiers[index]! })) };
}
