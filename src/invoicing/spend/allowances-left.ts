import type { Segment } from '../../customers';
import type { AllowanceLeft } from '../../entitlements';
import { Decimal, ONE, sum, ZERO } from '../../kernel';
import { prorateUnits, type RatedLine, type UsedUnits, usedUnits, WHOLE } from '../../rating/domain';
import type { Position } from './standing';

/**
 * What is left of the units that a plan includes, at an instant of a billing period: of the stretch in which nothing
 * changes that the instant is in. Units of earlier stretches are gone, unless the plan has them once a period.
 *
 * @returns in the plan's order: a row for each price with an allowance, then one for each pool; none outside the period
 */
export function allowancesLeft({ open, charged }: Position, at: Date): AllowanceLeft[] {
  const { about, period, segments } = open;
  const index = segments.findIndex(({ period: { start, end } }) => start <= at && at < end);
  const rated = charged.segments[index];
  if (rated === undefined) return [];

  const segment = segments[index]!;
  const place = { subscriptionId: about.subscription.id, resetsAt: period.end };
  const before = charged.segments
    .slice(0, index)
    .reduce<ReadonlyMap<string, UsedUnits>>((used, earlier) => usedUnits(used, earlier.rated.lines), new Map());
  const allowances = rated.rated.lines.flatMap((line): AllowanceLeft[] => {
    const { price } = line;
    const { allowance = null, meterId = null } = price ?? {};
    if (price === null || allowance === null || meterId === null) return [];
    const { included, used } = unitsOf(line, allowance, segment, before);
    return [
      {
        ...place,
        kind: 'allowance',
        key: price.key,
        name: price.name,
        meters: new Map([[meterId, ONE]]),
        included,
        used,
      },
    ];
  });
  const pools = rated.rated.pools.map((pool): AllowanceLeft => {
    const meters = new Map<string, Decimal>();
    for (const { meterId, terms } of segment.plan.prices)
      if (meterId !== null && terms?.pool?.key === pool.pool) meters.set(meterId, terms.pool.weight);
    const name = segment.plan.terms?.pools?.find(({ key }) => key === pool.pool)?.name ?? pool.pool;
    const included = sum(pool.lots.map(({ amount }) => amount)).plus(pool.used);
    return { ...place, kind: 'pool', key: pool.pool, name, meters, included, used: pool.used };
  });
  return [...allowances, ...pools];
}

/** A part of a period has its share of an allowance, or all of it; or what earlier parts left, where it is there once. */
function unitsOf(
  { key, breakdown }: RatedLine,
  allowance: Decimal,
  { plan, share, unitShare }: Segment,
  before: ReadonlyMap<string, UsedUnits>,
): { included: Decimal; used: Decimal } {
  const usedHere = sum(breakdown.filter(({ kind }) => kind === 'allowance').map(({ quantity }) => quantity));
  const onChange = plan.terms?.allowancesOnChange ?? 'prorate';
  if (onChange === 'carry') return { included: allowance, used: usedHere.plus(before.get(key)?.allowance ?? ZERO) };
  const part = unitShare ?? (onChange === 'prorate' ? share : WHOLE);
  return { included: prorateUnits(allowance, part), used: usedHere };
}
