import type { ConsumptionMarginCharge } from './charges/consumption-margin';
import type { EventAmountCharge } from './charges/event-amount';
import type { GraduatedPercentageCharge } from './charges/graduated-percentage';
import type { MatrixCharge } from './charges/matrix';
import type { OutcomeCharge } from './charges/outcome';
import type { PerGroupCharge } from './charges/per-group';
import type { PercentageCharge } from './charges/percentage';
import type { FlatCharge, QuantityCharge } from './charges/quantity-charges';
import type { RecurringCharge } from './charges/recurring';
import type { ScheduledCharge } from './charges/scheduled';

export * from './charges/consumption-margin';
export * from './charges/event-amount';
export * from './charges/graduated-percentage';
export * from './charges/matrix';
export * from './charges/outcome';
export * from './charges/package';
export * from './charges/per-group';
export * from './charges/percentage';
export * from './charges/quantity-charges';
export * from './charges/recurring';
export * from './charges/scheduled';
export * from './charges/stair-step';
export * from './charges/volume';

/**
 * How a price turns usage into an amount, in the price's currency. A model is three files of one name: what it says and
 * what can be wrong with it (`charges/`), its JSON (`catalog/charges/`), and its rule (`rating/domain/charge-…`).
 */
export type Charge =
  | FlatCharge
  | QuantityCharge
  | PercentageCharge
  | GraduatedPercentageCharge
  | MatrixCharge
  | EventAmountCharge
  | ScheduledCharge
  | RecurringCharge
  | ConsumptionMarginCharge
  | OutcomeCharge
  | PerGroupCharge;
export type ChargeModel = Charge['model'];
export type ChargeOf<M extends ChargeModel> = Extract<Charge, { model: M }>;
