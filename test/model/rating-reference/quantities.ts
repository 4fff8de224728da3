import type { ReferenceQuantityCharge } from './definitions';
import * as r from './rational';
import type { Rational } from './rational';

/** What a charge of one quantity asks, worked out from the words of its definition. */
export function amountOf(charge: ReferenceQuantityCharge, quantity: Rational): Rational {
  switch (charge.model) {
    case 'unit':
      return r.times(quantity, r.of(charge.unitPrice));

    case 'graduated': {
      // Every tier asks for the units that lie in it, and its fee when it is the first or has any.
      let amount = r.NOTHING;
      charge.tiers.forEach((tier, index) => {
        const units = within(quantity, charge.tiers[index - 1]?.upTo ?? '0', tier.upTo);
        amount = r.plus(amount, r.times(units, r.of(tier.unitPrice)));
        if (index === 0 || !r.isNothing(units)) amount = r.plus(amount, r.of(tier.flatFee ?? '0'));
      });
      return amount;
    }

    case 'volume': {
      const tier = charge.tiers.find(({ upTo }) => reaches(upTo, quantity))!;
      return r.plus(r.times(quantity, r.of(tier.unitPrice)), r.of(tier.flatFee ?? '0'));
    }

    case 'package': {
      const packages = r.fraction(r.roundedUp(r.through(quantity, r.of(charge.packageSize))));
      return r.times(packages, r.of(charge.packagePrice));
    }

    case 'stair_step': {
      if (r.isNothing(quantity) && charge.chargeZero !== true) return r.NOTHING;
      return r.of(charge.steps.find(({ upTo }) => reaches(upTo, quantity))!.amount);
    }
  }
}

/** Whether a band that ends with `upTo`, which is its own last unit, holds the quantity or lies above it. */
export function reaches(upTo: string | null, quantity: Rational): boolean {
  return upTo === null || r.compare(quantity, r.of(upTo)) <= 0;
}

/** How much of 0 to `quantity` lies in the band. */
export function within(quantity: Rational, from: string, upTo: string | null): Rational {
  const end = upTo === null ? quantity : r.least(quantity, r.of(upTo));
  return r.most(r.NOTHING, r.minus(end, r.of(from)));
}
