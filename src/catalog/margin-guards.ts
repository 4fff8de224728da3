import { Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { ConflictError, type Decimal, decimalText, type Period } from '../kernel';
import type { Plan } from './domain';

/** What a plan would have left of what it charges, where that is below the organisation's floor. */
export interface MarginBelowFloor {
  /** Null where it can't be told, such as where nothing is charged for what cost something. That is no margin to rely on. */
  readonly marginPercent: Decimal | null;
  readonly floorPercent: Decimal;
  /** Whose usage was charged anew. */
  readonly period: Period;
  /** What else is to know of the figures, such as that not every customer was looked at. */
  readonly note?: string | undefined;
}

/** Says whether a plan's margin on what was really used is below the organisation's floor. */
export interface MarginGuard {
  /** @returns null when it is fine, there is no floor, or nothing was used that it could be told from */
  check(tenant: Tenant, plan: Plan): Promise<MarginBelowFloor | null>;
}

/**
 * Where whoever can tell margins offers to look at plans before they are published. The catalog knows neither usage nor
 * cost; those rooms come later.
 */
@Injectable()
export class MarginGuards {
  private readonly guards: MarginGuard[] = [];

  offer(guard: MarginGuard): void {
    this.guards.push(guard);
  }

  /**
   * Asked outside of the transaction that publishes, since it reads a month of usage.
   *
   * @param reason why the plan is to be published all the same
   * @returns      what is below the floor, to be written down with the reason; null when nothing is
   * @throws       ConflictError `margin_below_floor` when something is and no reason is given
   */
  async check(tenant: Tenant, plan: Plan, reason: string | null): Promise<MarginBelowFloor | null> {
    for (const guard of this.guards) {
      const found = await guard.check(tenant, plan);
      if (found === null) continue;
      if (reason === null) throw refused(plan, found);
      return found;
    }
    return null;
  }
}

function refused(plan: Plan, { marginPercent, floorPercent, period, note }: MarginBelowFloor): ConflictError {
  const floor = decimalText(floorPercent);
  const left =
    marginPercent === null
      ? `can't be shown to leave the floor of ${floor} per cent.`
      : `would have left a margin of ${decimalText(marginPercent.toDecimalPlaces(2))} per cent, below the floor of ${floor}.`;
  const when = `${period.start.toISOString()} to ${period.end.toISOString()}`;
  return new ConflictError(
    'margin_below_floor',
    `With the usage of ${when} the plan '${plan.key}' ${left}` +
      `${note === undefined ? '' : ` ${note}`} Publish it with a reason, or change its prices.`,
    [{ field: 'reason', detail: 'is needed to publish a plan below the margin floor' }],
  );
}
