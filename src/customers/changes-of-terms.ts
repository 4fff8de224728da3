import { intervalInWords, type PriceOverride, sameInterval, type StoredPlan, toPlain } from '../catalog';
import { ConflictError, InvalidRequestError, newUuid } from '../kernel';
import type { CycleRow, OverrideRow, TimeRows } from './change-rows';
import type { TermsChange } from './change-request';
import { type Cycle, cycleAt, cyclesOf, fitsCycle, linkCycles, patchOverrides, phaseAt } from './domain';
import type { SubscriptionWithPlan } from './assemble-subscription';

/** A plan from an instant on. */
export interface PlannedPhase {
  readonly fromAt: Date;
  readonly plan: StoredPlan;
}

/** The rows with another plan from an instant on. What is planned behind it stays. */
export function withPlan(
  rows: TimeRows,
  about: SubscriptionWithPlan,
  { fromAt, plan }: PlannedPhase,
  changeId: string,
): TimeRows {
  const is = phaseAt(about, fromAt).plan;
  if (is.id === plan.id) return rows;
  const at = fromAt.getTime();
  const phase = { fromAt, planId: plan.id, moveId: null, changeId };
  const phases = [...rows.phases.filter((row) => row.fromAt.getTime() !== at), phase].sort(byTime);
  const cycle = cycleAt(about, fromAt);
  if (fitsCycle(plan, cycle)) return { ...rows, phases };

  refusePlanned(about, fromAt, plan);
  const next: CycleRow = {
    fromAt,
    firstIndex: 0,
    interval: plan.interval,
    intervalCount: plan.intervalCount ?? 1,
    anchor: about.subscription.anchor,
    previousEndAt: fromAt,
    previousCancelledAt: null,
    previousSettle: null,
    changeId,
  };
  // A cycle that begins at this very instant hasn't begun otherwise: what came before it stays what it was.
  const replaced = rows.cycles.find((row) => row.fromAt.getTime() === at);
  const before = replaced === undefined ? {} : previousOf(replaced);
  const cycles = [...rows.cycles.filter((row) => row !== replaced), { ...next, ...before }].sort(byTime);
  return { ...rows, phases, cycles: numbered(about, cycles) };
}

/** Cycle rows with their numbers. @param rows ascending */
export function numbered(about: SubscriptionWithPlan, rows: readonly CycleRow[]): CycleRow[] {
  const first: Cycle = { ...about.cycles[0]!, endAt: null, ending: null };
  const linked = linkCycles(
    first,
    rows.map((row) => ({ ...row, previousEnding: null })),
    about.customer.timeZone,
  );
  return rows.map((row, position) => ({ ...row, firstIndex: linked[position + 1]!.firstIndex }));
}

/** The rows with other terms for one price from an instant on. */
export function withTerms(
  rows: TimeRows,
  priceKey: string,
  patch: PriceOverride,
  { at, reason, createdAt, changeId }: { at: Date; reason: string; createdAt: Date; changeId: string },
): TimeRows {
  const own = rows.overrides
    .filter((row) => row.priceKey === priceKey)
    .map((row) => ({ ...row, definition: row.definition as Record<string, unknown> }));
  const { kept, shortened, added } = patchOverrides(own, toPlain(patch) as Record<string, unknown>, at);
  const made: OverrideRow[] = added.map(({ definition, fromAt, toAt }) => ({
    ...{ id: newUuid(), priceKey, definition, fromAt, toAt, reason, createdAt, changeId },
  }));
  const others = rows.overrides.filter((row) => row.priceKey !== priceKey);
  return { ...rows, overrides: [...others, ...kept, ...shortened, ...made] };
}

/** What a request says of single prices, by their keys: quantities and other terms together. */
export function patchesOf({ quantities = {}, prices = {} }: TermsChange): ReadonlyMap<string, PriceOverride> {
  const keys = [...new Set([...Object.keys(prices), ...Object.keys(quantities)])];
  return new Map(
    keys.map((key) => [key, { ...prices[key], ...(key in quantities ? { quantity: quantities[key] } : {}) }]),
  );
}

/** @throws InvalidRequestError `invalid_change` */
export function refuseEmpty({ plan, quantities = {}, prices = {} }: TermsChange): void {
  const twice = Object.keys(quantities).find((key) => prices[key]?.quantity !== undefined);
  if (twice !== undefined) {
    const detail = `'${twice}' has a quantity in prices, too; say it once`;
    throw new InvalidRequestError('invalid_change', `quantities: ${detail}.`, [{ field: 'quantities', detail }]);
  }
  if (plan !== undefined || Object.keys(quantities).length + Object.keys(prices).length > 0) return;
  throw new InvalidRequestError(
    'invalid_change',
    'The change says nothing: give a plan, quantities (such as {"seats": "5"}) or prices.',
    [{ field: 'plan', detail: 'is missing, and so are quantities and prices' }],
  );
}

/** What is planned behind a plan with other billing periods, and was meant for the ones there are, has to go first. */
function refusePlanned(about: SubscriptionWithPlan, at: Date, plan: StoredPlan): void {
  const later = [
    ...about.phases.filter((phase) => !sameInterval(phase.plan, plan)).map(({ fromAt }) => fromAt),
    ...cyclesOf(about).map(({ fromAt }) => fromAt),
  ].filter((fromAt) => fromAt.getTime() > at.getTime());
  if (later.length === 0) return;
  const first = new Date(Math.min(...later.map((fromAt) => fromAt.getTime())));
  const detail = `'${plan.key}' is billed by the ${intervalInWords(plan)}, and another plan is planned from ${first.toISOString()} on; take that change back first, or say all that is planned with PUT …/schedule`;
  throw new ConflictError('plan_change_planned', `plan: ${detail}.`, [{ field: 'plan', detail }]);
}

function previousOf({ previousEndAt, previousCancelledAt, previousSettle }: CycleRow): Partial<CycleRow> {
  return { previousEndAt, previousCancelledAt, previousSettle };
}

function byTime(one: { readonly fromAt: Date }, other: { readonly fromAt: Date }): number {
  return one.fromAt.getTime() - other.fromAt.getTime();
}
