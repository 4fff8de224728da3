import type { FieldProblem } from '../../kernel';
import type { Charge, ChargeModel } from './charge';
import type { Aggregation, MeterDefinition } from './meter';
import { usageNeeds } from './usage-needs';

const ADDED_UP: readonly Aggregation[] = ['count', 'sum'];

/** Which aggregations a model can be charged on; any when it isn't here. */
const AGGREGATIONS_OF: { readonly [M in ChargeModel]?: { readonly of: readonly Aggregation[]; readonly why: string } } =
  {
    percentage: { of: ['sum'], why: 'a percentage is taken of values that are added up' },
    graduated_percentage: { of: ['sum'], why: 'a percentage is taken of values that are added up' },
    event_amount: { of: ['sum'], why: 'the amounts of the events are added up' },
    scheduled: { of: ADDED_UP, why: 'parts of the time add up to the period only for these' },
    consumption_margin: { of: ADDED_UP, why: 'cost is kept beside what is added up' },
    outcome: { of: ADDED_UP, why: 'attempts are looked at one by one' },
  };

/**
 * Says why a charge can't be made on what a meter says, by field of the price: groups that the meter doesn't keep apart,
 * or an aggregation that the model makes no sense of. A meter that prices use is not changed so that this would hold.
 */
export function meterUseProblems(charge: Charge, meter: MeterDefinition): FieldProblem[] {
  return [
    ...aggregationProblems(charge, meter),
    ...usageNeeds(charge).dimensions.flatMap((dimension, index) =>
      meter.groupBy.includes(dimension)
        ? []
        : [
            {
              field: `${fieldOfDimensions(charge)}[${index}]`,
              detail: `the meter doesn’t keep usage apart by '${dimension.slice(0, 80)}'; add it to the meter’s groupBy`,
            },
          ],
    ),
  ];
}

function aggregationProblems(charge: Charge, { aggregation }: MeterDefinition): FieldProblem[] {
  const wanted = AGGREGATIONS_OF[charge.model];
  if (wanted !== undefined && !wanted.of.includes(aggregation)) {
    return [
      {
        field: 'meter',
        detail: `must be a ${wanted.of.join(' or ')}, not ${aggregation}: ${wanted.why}`,
      },
    ];
  }
  if (charge.model !== 'recurring' || aggregation !== 'time_weighted' || charge.proration === 'none') return [];
  const detail = "must be 'none' with a time-weighted meter, which has weighed by time already";
  return [{ field: 'charge.proration', detail }];
}

function fieldOfDimensions(charge: Charge): string {
  return charge.model === 'consumption_margin' ? 'charge.byDimension.dimensions' : 'charge.dimensions';
}
