import type { Charge } from '../../catalog/domain';
import { type Decimal, HUNDRED, ONE } from '../../kernel';
import type { ChargeUsage, SegmentUsage, UsageTotals } from '../../metering/domain';

/** What if these events cost so much more, or less. What isn't named is any: no provider and no model is everything. */
export interface CostChange {
  readonly provider: string | null;
  readonly model: string | null;
  /** 20 is 20 % more, −50 half. */
  readonly percent: Decimal;
}

/** What an event's cost is multiplied by. Changes that meet the same event are multiplied: 20 % and 10 % make 1.32. */
export function factorFor(
  changes: readonly CostChange[],
  { provider, model }: { readonly provider: string | null; readonly model: string | null },
): Decimal {
  let factor = ONE;
  for (const change of changes) {
    if (sameName(change.provider, provider) && sameName(change.model, model)) factor = factor.times(factorOf(change));
  }
  return factor;
}

/** Whether a change names a provider or a model, so that which event it meets has to be looked up. */
export function namesEvents({ provider, model }: CostChange): boolean {
  return provider !== null || model !== null;
}

/** Names are compared as the price book does: without regard to the case of letters. */
function sameName(wanted: string | null, found: string | null): boolean {
  return wanted === null || wanted.toLowerCase() === found?.toLowerCase();
}

function factorOf({ percent }: CostChange): Decimal {
  return percent.dividedBy(HUNDRED).plus(ONE);
}

/** How much more some events cost than they did, beside the usage they are in. */
export interface CostsAdded {
  readonly allEvents: Decimal;
  /** Of a meter's events, in the groups of a charge's dimensions; null where there is nothing to add. */
  of(meterId: string, charge: Charge): MeterCostAdded | null;
}

export interface MeterCostAdded {
  readonly total: Decimal;
  /** By the values of the charge's dimensions as JSON. */
  readonly byGroup: ReadonlyMap<string, Decimal>;
  /** Of the events that an outcome's floor compares with. */
  readonly floor: Decimal;
}

/** A month's usage at other costs: what is added first, then everything by the factor that holds for every event. */
export function atOtherCosts(usage: SegmentUsage, added: CostsAdded | null, factor: Decimal): SegmentUsage {
  const costs = (of: Decimal, more: Decimal | undefined): Decimal => (more === undefined ? of : of.plus(more)).times(factor); // prettier-ignore
  const totals = <T extends UsageTotals>(of: T, more?: Decimal): T => ({ ...of, cost: costs(of.cost, more) });
  return {
    allEvents: totals(usage.allEvents, added?.allEvents),
    of: (meterId, charge): ChargeUsage => {
      const found = usage.of(meterId, charge);
      const more = added?.of(meterId, charge) ?? null;
      return {
        ...totals(found, more?.total),
        groups: found.groups?.map((group) => totals(group, more?.byGroup.get(JSON.stringify(group.values)))),
        floorCost: found.floorCost && { ...found.floorCost, cost: costs(found.floorCost.cost, more?.floor) },
      };
    },
  };
}
