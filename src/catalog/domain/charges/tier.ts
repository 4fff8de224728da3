import type { Decimal } from '../../../kernel';

/** A band of quantity with its own unit price. */
export interface Tier {
  /** The last unit of the tier, inclusive; null for the last tier, which is open. */
  readonly upTo: Decimal | null;
  readonly unitPrice: Decimal;
  /** Charged once when the tier is reached. The first tier is reached by any usage, none included. */
  readonly flatFee?: Decimal | undefined;
}
