import type { ReferenceChargeOf, ReferenceEvent } from './definitions';
import { mostSpecific } from './matching';
import { reaches, within } from './quantities';
import * as r from './rational';
import type { Rational } from './rational';

interface Rule {
  readonly markupPercent?: string | undefined;
  readonly grossMarginPercent?: string | undefined;
}

/** A cost of 1.00 is charged at 1.30 with a markup of 30 %, and at 1.00 / 0.70 with a gross margin of 30 %. */
function withMargin(cost: Rational, { markupPercent, grossMarginPercent }: Rule): Rational {
  if (markupPercent !== undefined) return r.plus(cost, r.percentOf(r.of(markupPercent), cost));
  return r.through(r.times(cost, r.HUNDRED), r.minus(r.HUNDRED, r.of(grossMarginPercent!)));
}

export function amountOfMargin(
  charge: ReferenceChargeOf<'consumption_margin'>,
  events: readonly ReferenceEvent[],
): Rational {
  const cost = r.total(events.map((event) => r.of(event.cost)));
  const quantity = r.total(events.map((event) => r.of(event.value)));

  let amount: Rational;
  if (charge.tiers !== undefined) {
    const { mode, bands } = charge.tiers;
    amount =
      mode === 'whole'
        ? withMargin(
            cost,
            bands.find(({ upToCost }) => reaches(upToCost, cost))!,
          )
        : r.total(
            bands.map((band, index) =>
              withMargin(within(cost, bands[index - 1]?.upToCost ?? '0', band.upToCost), band),
            ),
          );
  } else {
    const rules = charge.byDimension?.rules ?? [];
    amount = r.total(events.map((event) => withMargin(r.of(event.cost), mostSpecific(rules, event) ?? charge)));
  }

  amount = r.plus(amount, r.times(quantity, r.of(charge.fixedPerUnit ?? '0')));
  if (r.isNothing(quantity)) return amount;
  if (charge.floorPerUnit !== undefined) amount = r.most(amount, r.times(quantity, r.of(charge.floorPerUnit)));
  if (charge.ceilingPerUnit !== undefined) amount = r.least(amount, r.times(quantity, r.of(charge.ceilingPerUnit)));
  return amount;
}
