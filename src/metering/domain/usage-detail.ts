import { type Charge, usageNeeds, type UsageNeeds } from '../../catalog/domain';

/** In which detail a charge wants its meter's usage. Charges that want the same share one reading. */
export interface UsageDetail {
  readonly needs: UsageNeeds;
  /** What was told before the period holds in it: seats, and whatever else recurs. */
  readonly holds: boolean;
  /** Equal for charges of one meter that are served by the same reading. */
  readonly key: string;
}

const known = new WeakMap<Charge, UsageDetail>();

/** In which detail a charge wants usage; told once for each charge, and the same for one that says the same. */
export function usageDetail(charge: Charge): UsageDetail {
  let detail = known.get(charge);
  if (detail === undefined) known.set(charge, (detail = detailOf(charge)));
  return detail;
}

function detailOf(charge: Charge): UsageDetail {
  const needs = usageNeeds(charge);
  const { dimensions, schedule, transactions, outcomes } = needs;
  // Verdicts are the charge's own, and where a schedule switches is said by its windows: the whole of it is the name.
  const holds = charge.model === 'recurring';
  const parts = [dimensions, schedule, transactions, outcomes === null ? null : charge, holds];
  return { needs, holds, key: JSON.stringify(parts) };
}
