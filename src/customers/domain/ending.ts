/**
 * What becomes of the period a subscription ends in. `invoice`: what was used is billed, fees in advance are kept.
 * `invoice_and_credit`: the unused part of those is given back, too. `nothing`: neither.
 */
export const SETTLES = ['invoice', 'invoice_and_credit', 'nothing'] as const;
export type Settle = (typeof SETTLES)[number];

/** How a subscription ends. */
export interface Ending {
  readonly endAt: Date;
  /** When that was asked for, by the customer's clock. */
  readonly cancelledAt: Date;
  readonly settle: Settle;
}
