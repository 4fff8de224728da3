import { isDeepStrictEqual } from 'node:util';
import { In, type EntityManager } from 'typeorm';
import { type Charge, type Plan, usageNeeds } from '../../catalog/domain';
import { periodOf, type Segment, segmentsOf, type SubscriptionWithPlan } from '../../customers';
import { Decimal, decimalText, sum } from '../../kernel';
import { type PoolBalance, poolsForNextPeriod } from '../../rating/domain';
import { type Before, type CommitmentTerm, countsTowards, type EarlierSegment } from '../domain';
import { PoolBalanceEntity } from '../persistence/pool-balance.entity';
import type { RatedPeriod } from './rated-period';
import { COMPUTED_LINE } from './stored-line';

/** What the line of a true-up is called, and that of its adjustment. */
const TRUE_UP = 'plan:true_up';

/**
 * Loads what the charges of a billing period depend on from earlier ones: pools, a commitment's term, outcomes.
 *
 * @param again earlier periods that were rated again just now, and say it instead of what is stored
 */
export async function loadBefore(
  db: EntityManager,
  about: SubscriptionWithPlan,
  periodIndex: number,
  segments: readonly Segment[],
  again: readonly RatedPeriod[],
): Promise<Before> {
  return {
    periodIndex,
    pools: await poolsRolledIn(db, about, periodIndex, segments, again),
    term: await termOf(db, about, periodIndex, segments.at(-1)!.plan, again),
    earlier: segmentsBefore(about, periodIndex, segments),
  };
}

/** Whether a period's charges depend on what earlier invoices say: units that are rolled over, a promise for several periods. */
export function dependsOnEarlier(segments: readonly Segment[]): boolean {
  return segments.some(
    ({ plan: { terms } }) =>
      terms?.pools?.some(({ rollover }) => rollover !== undefined) === true ||
      (terms?.commitment !== undefined && terms.commitment.periods > 1),
  );
}

/**
 * Whether charges of a period look at events from before it: a reversal takes back an outcome that was billed, and seats
 * are held until there is another number of them.
 */
export function looksBack(segments: readonly Segment[]): boolean {
  const charges = segments.flatMap(({ plan }) => plan.prices.map(({ charge }) => charge));
  return charges.some((charge) => charge.model === 'recurring' || lookBackOf(charge) > 0);
}

/** Writes what a period leaves of its pools, where that is news; a pool that the period doesn't have any more goes. */
export async function savePools(
  db: EntityManager,
  { subscription }: SubscriptionWithPlan,
  period: number,
  pools: readonly PoolBalance[],
): Promise<void> {
  const { organisationId, id: subscriptionId } = subscription;
  const stored = await db.findBy(PoolBalanceEntity, { subscriptionId, period });
  const gone = stored.map(({ pool }) => pool).filter((key) => !pools.some(({ pool }) => pool === key));
  if (gone.length > 0) await db.delete(PoolBalanceEntity, { organisationId, subscriptionId, period, pool: In(gone) });

  for (const balance of pools) {
    const row = toRow(balance, { organisationId, subscriptionId, period });
    const before = stored.find(({ pool }) => pool === row.pool);
    if (before !== undefined && sameBalance(before, row)) continue;
    await db.upsert(PoolBalanceEntity, row, ['organisationId', 'subscriptionId', 'pool', 'period']);
  }
}

function toRow(
  { pool, granted, rolledIn, used, lots }: PoolBalance,
  where: Pick<PoolBalanceEntity, 'organisationId' | 'subscriptionId' | 'period'>,
): PoolBalanceEntity {
  return Object.assign(new PoolBalanceEntity(), {
    ...where,
    pool,
    granted,
    rolledIn,
    used,
    lots: lots.map(({ amount, expiresAfterPeriod }) => ({ amount: decimalText(amount), expiresAfterPeriod })),
  });
}

function sameBalance(one: PoolBalanceEntity, other: PoolBalanceEntity): boolean {
  return (
    one.granted.equals(other.granted) &&
    one.rolledIn.equals(other.rolledIn) &&
    one.used.equals(other.used) &&
    isDeepStrictEqual(one.lots, other.lots)
  );
}

function fromRow({ pool, granted, rolledIn, used, lots }: PoolBalanceEntity): PoolBalance {
  const read = lots.map(({ amount, expiresAfterPeriod }) => ({ amount: new Decimal(amount), expiresAfterPeriod }));
  return { pool, granted, rolledIn, used, lots: read };
}

/** What earlier periods leave of their pools to a period. @param again earlier periods that were rated just now */
export async function poolsRolledIn(
  db: EntityManager,
  { subscription }: SubscriptionWithPlan,
  periodIndex: number,
  segments: readonly Segment[],
  again: readonly Pick<RatedPeriod, 'periodIndex' | 'pools'>[],
): Promise<PoolBalance[]> {
  // The plan that the period begins with says what goes on into it.
  const { plan } = segments[0]!;
  if (periodIndex === 0 || (plan.terms?.pools ?? []).length === 0) return [];
  const rated = again.find((period) => period.periodIndex === periodIndex - 1);
  if (rated !== undefined) return poolsForNextPeriod(plan, rated.pools, periodIndex - 1);
  const stored = await db.findBy(PoolBalanceEntity, { subscriptionId: subscription.id, period: periodIndex - 1 });
  return poolsForNextPeriod(plan, stored.map(fromRow), periodIndex - 1);
}

/**
 * How far the term of a plan's commitment has come before a period. Terms follow each other from the subscription's
 * first period on; of a term only the time counts in which the commitment was in force.
 */
async function termOf(
  db: EntityManager,
  about: SubscriptionWithPlan,
  periodIndex: number,
  plan: Plan,
  again: readonly RatedPeriod[],
): Promise<CommitmentTerm | null> {
  const commitment = plan.terms?.commitment;
  if (commitment === undefined) return null;
  const nth = periodIndex % commitment.periods;
  const earlier = Array.from({ length: nth }, (_, back) => periodIndex - nth + back)
    .flatMap((index) => segmentsOf(about, periodOf(about, index)))
    .filter((segment) => countsTowards(plan, segment.plan));
  return {
    charged: await chargedIn(db, about, earlier, again),
    promised: sum(
      earlier.filter(({ trial }) => trial === null).map(({ share }) => new Decimal(share.part).dividedBy(share.whole)),
    ),
    ends: nth === commitment.periods - 1,
  };
}

async function chargedIn(
  db: EntityManager,
  { subscription }: SubscriptionWithPlan,
  segments: readonly Segment[],
  again: readonly RatedPeriod[],
): Promise<Decimal> {
  const starts = new Set(segments.map(({ period }) => period.start.getTime()));
  const linesAgain = again
    .flatMap(({ draft }) => draft.lines)
    .filter(({ servicePeriod }) => starts.has(servicePeriod.start.getTime()));
  const rated = sum(linesAgain.filter(({ key }) => key !== TRUE_UP).map(({ exactAmount }) => exactAmount));
  for (const { servicePeriod } of linesAgain) starts.delete(servicePeriod.start.getTime());
  if (starts.size === 0) return rated;
  const [found] = await db.query<{ charged: string }[]>(
    `SELECT COALESCE(sum(line.exact_amount), 0)::text AS charged
       FROM invoice_line AS line
       JOIN invoice ON (invoice.organisation_id, invoice.id) = (line.organisation_id, line.invoice_id)
      WHERE line.organisation_id = $1 AND line.subscription_id = $2 AND ${COMPUTED_LINE}
        -- What a void invoice charged still counts towards what was promised, unless another says it in its place.
        AND invoice.reissued_as IS NULL
        AND line.key <> '${TRUE_UP}' AND line.period_start = ANY ($3::timestamptz[])`,
    [subscription.organisationId, subscription.id, [...starts].map((start) => new Date(start))],
  );
  return rated.plus(found!.charged);
}

/** Earlier segments, newest first, as far back as the period's outcomes may have been billed. */
export function segmentsBefore(
  about: SubscriptionWithPlan,
  periodIndex: number,
  segments: readonly Segment[],
): readonly EarlierSegment[] | undefined {
  const charges = segments.flatMap(({ plan }) => plan.prices.map(({ charge }) => charge));
  const lookBackMs = Math.max(0, ...charges.map(lookBackOf));
  if (lookBackMs === 0) return undefined;

  const from = segments[0]!.period.start.getTime() - lookBackMs;
  const found: EarlierSegment[] = [];
  for (let index = periodIndex - 1; index >= 0 && (found.at(-1)?.start.getTime() ?? Infinity) > from; index -= 1) {
    const earlier = segmentsOf(about, periodOf(about, index));
    found.push(...earlier.map(({ period: { start }, plan, trial }) => ({ start, plan, trial })).reverse());
  }
  return found;
}

function lookBackOf(charge: Charge): number {
  return usageNeeds(charge).outcomes?.lookBackMs ?? 0;
}
