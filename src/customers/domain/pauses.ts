import type { Plan } from '../../catalog/domain';

/** nothing: neither fees nor usage. base_fee: only fees that no usage is needed for. */
export const PAUSE_BILLS = ['nothing', 'base_fee'] as const;
export type PauseBills = (typeof PAUSE_BILLS)[number];

/** A stretch of time in which a subscription is charged nothing, or only its base fee. */
export interface Pause {
  readonly id: string;
  readonly fromAt: Date;
  /** Null: until it is resumed. */
  readonly toAt: Date | null;
  readonly bills: PauseBills;
}

/** The pause that holds at an instant, if any. Of one subscription they never overlap. */
export function pauseAt<P extends Pick<Pause, 'fromAt' | 'toAt'>>(pauses: readonly P[], at: Date): P | null {
  const ms = at.getTime();
  const pause = pauses.find(({ fromAt, toAt }) => fromAt.getTime() <= ms && (toAt === null || ms < toAt.getTime()));
  return pause ?? null;
}

/** Whether two stretches share an instant. */
export function overlaps(one: Pick<Pause, 'fromAt' | 'toAt'>, other: Pick<Pause, 'fromAt' | 'toAt'>): boolean {
  const ends = ({ toAt }: Pick<Pause, 'toAt'>): number => toAt?.getTime() ?? Number.POSITIVE_INFINITY;
  return one.fromAt.getTime() < ends(other) && other.fromAt.getTime() < ends(one);
}

/**
 * What of a plan is charged while it is paused. Its pools grant nothing anew, and a minimum, a maximum, a commitment or a
 * discount of the whole plan says nothing about a time in which usage is free.
 */
export function pausedPlan<P extends Plan>(plan: P, bills: PauseBills): P {
  const prices = bills === 'nothing' ? [] : plan.prices.filter(isBaseFee);
  const { proration } = plan.terms ?? {};
  return { ...plan, prices, terms: { pools: [], ...(proration === undefined ? {} : { proration }) } };
}

/** A price that is owed for the time alone. */
function isBaseFee({ meterId, charge }: Plan['prices'][number]): boolean {
  return meterId === null && (charge.model === 'flat' || charge.model === 'recurring');
}
