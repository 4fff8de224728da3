import { type Decimal, ZERO } from '../../kernel';
import type { ChargeUsage } from '../../metering/domain';

export type { OutcomeEvent, Transaction, UsageGroup, UsageTotals } from '../../metering/domain';

/** What a price is rated by: the usage of its meter, as metering reads it. */
export type UsageToRate = ChargeUsage;

/** Usage as the pipeline begins with it. */
export interface MeteredUsage extends UsageToRate {
  /** Units in the quantity that earlier prices of the plan leave to this one. */
  readonly movedIn?: Decimal | undefined;
}

/** For a price without a meter. */
export const NO_USAGE: UsageToRate = { quantity: ZERO, cost: ZERO, events: 0, pendingEvents: 0 };
