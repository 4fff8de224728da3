import { type Charge, type Meter, scheduleSwitches, usageNeeds } from '../../catalog/domain';
import { Decimal, type Micros, ONE, type Period } from '../../kernel';
import {
  addUsage,
  byValues,
  isAddedUp,
  NOTHING_USED,
  periodWindows,
  type UsageGroup,
  type UsageTotals,
  windowAt,
} from '../../metering/domain';
import type { UsageToRate } from '../../rating/domain';

/** Usage that has not happened, as one event would be. */
export interface MoreUsage {
  readonly time: Micros;
  /** In the meter's unit. */
  readonly quantity: Decimal;
  /** Null while it isn't known. */
  readonly cost: Decimal | null;
  /** The values of the meter's group-by fields, in their order. */
  readonly values: readonly (string | null)[];
}

/** Whose usage it is added to. */
export interface LineToAddTo {
  readonly meter: Pick<Meter, 'aggregation' | 'groupBy'>;
  readonly charge: Charge;
  readonly period: Period;
  readonly timeZone: string;
}

/** The key of what hasn't happened is the last of its instant. */
const LAST_KEY = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * Usage with something more of it, in the detail that its charge needs. A level that isn't added up becomes what the event
 * says where that is more, and one more value is another one. An attempt is taken for a success, which charges the most.
 */
export function withMore(
  usage: UsageToRate,
  { meter, charge, period, timeZone }: LineToAddTo,
  more: MoreUsage,
): UsageToRate {
  const { dimensions, schedule, transactions, outcomes } = usageNeeds(charge);
  const added: UsageTotals = {
    quantity: more.quantity,
    cost: more.cost ?? NOTHING_USED.cost,
    events: 1,
    pendingEvents: more.cost === null ? 1 : 0,
  };
  const totals = addUsage(usage, added);
  const quantity = isAddedUp(meter.aggregation) ? totals.quantity : levelWith(usage, meter, more.quantity);
  const key = LAST_KEY;
  return {
    ...usage,
    ...totals,
    quantity,
    ...(dimensions.length === 0
      ? {}
      : { groups: groupsWith(usage.groups ?? [], placesOf(meter, dimensions, more), added) }),
    ...(schedule === null
      ? {}
      : {
          windows: (usage.windows ?? []).map((of, window) =>
            window === windowOf(more.time) ? addUsage(of, added) : of,
          ),
        }),
    ...(transactions
      ? { transactions: [...(usage.transactions ?? []), { value: more.quantity, time: more.time, key }] }
      : {}),
    ...(outcomes === null
      ? {}
      : {
          outcomes: [
            ...(usage.outcomes ?? []),
            { key, time: more.time, task: null, type: null, success: true, reversal: false, id: key },
          ],
        }),
    ...(usage.floorCost === undefined ? {} : { floorCost: addUsage({ ...NOTHING_USED, ...usage.floorCost }, added) }),
  };

  function windowOf(time: Micros): number {
    const [set] = periodWindows([period], () =>
      scheduleSwitches(schedule!, period, timeZone).map(({ at, window }) => ({ at, part: window })),
    );
    return set!.parts[windowAt(set!.windows, time)]!;
  }
}

function levelWith(usage: UsageToRate, { aggregation }: LineToAddTo['meter'], told: Decimal): Decimal {
  if (aggregation === 'unique') return usage.quantity.plus(ONE);
  return Decimal.max(usage.quantity, told);
}

function placesOf(
  { groupBy }: LineToAddTo['meter'],
  dimensions: readonly string[],
  { values }: MoreUsage,
): readonly (string | null)[] {
  return dimensions.map((field) => values[groupBy.indexOf(field)] ?? null);
}

function groupsWith(
  groups: readonly UsageGroup[],
  values: readonly (string | null)[],
  added: UsageTotals,
): readonly UsageGroup[] {
  const wanted = { ...added, values };
  const place = groups.findIndex((group) => byValues(group, wanted) === 0);
  if (place === -1) return [...groups, wanted].sort(byValues);
  return groups.map((group, index) => (index === place ? { ...addUsage(group, added), values: group.values } : group));
}
