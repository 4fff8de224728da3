import type { ReferenceChargeOf, ReferenceEvent } from './definitions';
import { within } from './quantities';
import * as r from './rational';
import type { Rational } from './rational';

/** Walks the transactions one by one. */
export function amountOfTransactions(
  charge: ReferenceChargeOf<'percentage'>,
  events: readonly ReferenceEvent[],
): Rational {
  const percent = r.of(charge.percent);
  const ordered = [...events].sort((a, b) =>
    charge.freeFirst === 'earliest' ? a.at - b.at || (a.id < b.id ? -1 : 1) : r.compare(r.of(b.value), r.of(a.value)),
  );

  const perEvent = [charge.fixedPerEvent, charge.freeEvents, charge.minPerEvent, charge.maxPerEvent];
  if (perEvent.every((part) => part === undefined)) {
    // Nothing is said of single transactions, so they are one.
    const value = r.total(ordered.map((event) => r.of(event.value)));
    return r.percentOf(percent, r.most(r.NOTHING, r.minus(value, r.of(charge.freeAmount ?? '0'))));
  }

  let amount = r.NOTHING;
  let freeSoFar = 0;
  let amountLeft = r.of(charge.freeAmount ?? '0');
  for (const event of ordered) {
    const value = r.of(event.value);
    const mayBeFree =
      (charge.freeEvents !== undefined || charge.freeAmount !== undefined) &&
      freeSoFar < (charge.freeEvents ?? Number.POSITIVE_INFINITY);
    let paysOn = value;
    if (mayBeFree) {
      if (charge.freeAmount === undefined || r.compare(value, amountLeft) <= 0) {
        freeSoFar += 1;
        amountLeft = r.minus(amountLeft, value);
        continue;
      }
      if (!r.isNothing(amountLeft)) {
        freeSoFar += 1;
        paysOn = r.minus(value, amountLeft);
        amountLeft = r.NOTHING;
      }
    }
    let fee = r.plus(r.percentOf(percent, paysOn), r.of(charge.fixedPerEvent ?? '0'));
    if (charge.minPerEvent !== undefined) fee = r.most(fee, r.of(charge.minPerEvent));
    if (charge.maxPerEvent !== undefined) fee = r.least(fee, r.of(charge.maxPerEvent));
    amount = r.plus(amount, fee);
  }
  return amount;
}

/** Tiers of value, each with its share and a fee when it is reached. */
export function amountOfShares(charge: ReferenceChargeOf<'graduated_percentage'>, value: Rational): Rational {
  let amount = r.NOTHING;
  charge.tiers.forEach((tier, index) => {
    const inTier = within(value, charge.tiers[index - 1]?.upTo ?? '0', tier.upTo);
    amount = r.plus(amount, r.percentOf(r.of(tier.percent), inTier));
    if (index === 0 || !r.isNothing(inTier)) amount = r.plus(amount, r.of(tier.flatFee ?? '0'));
  });
  return amount;
}
