import type { ReferenceCharge, ReferenceEvent, ReferenceQuantityCharge, ReferenceSegment } from './definitions';
import { windowAt } from './local-times';
import { mostSpecific, valuesOf } from './matching';
import { amountOf } from './quantities';
import * as r from './rational';
import type { Rational } from './rational';

/** Units that are charged together: all of them, those of one cell, one group, or one window. */
export interface Part {
  readonly quantity: Rational;
  readonly priced: (quantity: Rational) => Rational;
}

/** Usage that nothing has a price for. */
export class Unpriced extends Error {}

const quantityOf = (events: readonly ReferenceEvent[]): Rational => r.total(events.map(({ value }) => r.of(value)));

/** Events by the values of some fields, in the order of these values. */
function grouped(events: readonly ReferenceEvent[], dimensions: readonly string[]): ReferenceEvent[][] {
  const groups = new Map<string, ReferenceEvent[]>();
  for (const event of events) {
    const name = JSON.stringify(valuesOf(event, dimensions));
    groups.set(name, [...(groups.get(name) ?? []), event]);
  }
  return [...groups]
    .sort(([a], [b]) => inOrder(JSON.parse(a) as (string | null)[], JSON.parse(b) as (string | null)[]))
    .map(([, among]) => among);
}

/**
 * The units of a charge in the order in which an allowance or a pool is used up, each part with the function that
 * prices what is left of it. Null where a charge doesn't charge units.
 *
 * @param added   units that another price moved here
 * @param rounded how the quantity of the meter, or of each group or window of it, is rounded
 */
export function partsOf(
  charge: ReferenceCharge,
  events: readonly ReferenceEvent[],
  segment: ReferenceSegment,
  added: Rational,
  rounded: (quantity: Rational) => Rational,
): Part[] | null {
  switch (charge.model) {
    case 'unit':
    case 'graduated':
    case 'volume':
    case 'package':
    case 'stair_step':
      return [
        { quantity: rounded(r.plus(quantityOf(events), added)), priced: (quantity) => amountOf(charge, quantity) },
      ];

    case 'matrix': {
      const at = (unitPrice: string, among: readonly ReferenceEvent[]): Part => ({
        quantity: r.total(grouped(among, charge.dimensions).map((group) => rounded(quantityOf(group)))),
        priced: (quantity) => r.times(quantity, r.of(unitPrice)),
      });
      const { cells, fallback } = charge;
      const elsewhere = events.filter((event) => mostSpecific(cells, event) === null);
      return [
        ...cells.map((cell) =>
          at(
            cell.unitPrice,
            events.filter((event) => mostSpecific(cells, event) === cell),
          ),
        ),
        { ...at(fallback ?? '0', elsewhere), ...(fallback === null && { priced: refuseAny }) },
      ];
    }

    case 'scheduled': {
      const charges: ReferenceQuantityCharge[] = [...charge.windows.map((window) => window.charge), charge.otherwise];
      return charges.map((nested, index) => ({
        quantity: rounded(quantityOf(events.filter(({ at }) => windowAt(charge, at, segment.timeZone) === index))),
        priced: ofUsed(nested),
      }));
    }

    case 'per_group':
      return grouped(events, charge.dimensions).map((among) => {
        const nested = mostSpecific(charge.byValue ?? [], among[0]!)?.charge ?? charge.charge;
        return { quantity: rounded(quantityOf(among)), priced: ofUsed(nested) };
      });

    default:
      return null;
  }
}

/** Value by value in code units; no value comes before all values. */
function inOrder(a: readonly (string | null)[], b: readonly (string | null)[]): number {
  for (const [place, left] of a.entries()) {
    const right = b[place] ?? null;
    if (left === right) continue;
    if (left === null) return -1;
    if (right === null) return 1;
    return left < right ? -1 : 1;
  }
  return 0;
}

/** What is free, or what another price charges, needs no price here. */
function refuseAny(quantity: Rational): Rational {
  if (!r.isNothing(quantity)) throw new Unpriced();
  return r.NOTHING;
}

/** A window or a group of which nothing is left to charge has no fee either. */
const ofUsed =
  (charge: ReferenceQuantityCharge) =>
  (quantity: Rational): Rational =>
    r.isNothing(quantity) ? r.NOTHING : amountOf(charge, quantity);

/** Takes so many units away, from the first parts first. */
export function without(parts: readonly Part[], units: Rational): Part[] {
  let left = units;
  return parts.map((part) => {
    const taken = r.least(left, part.quantity);
    left = r.minus(left, taken);
    return { ...part, quantity: r.minus(part.quantity, taken) };
  });
}

export const unitsIn = (parts: readonly Part[]): Rational => r.total(parts.map(({ quantity }) => quantity));
export const priceOf = (parts: readonly Part[]): Rational => r.total(parts.map((part) => part.priced(part.quantity)));
