/** Where the amount of a credit note goes: it lowers what is due, becomes credit of the customer, or is paid back. */
export const CREDIT_GIVEN_AS = ['invoice', 'balance', 'refund'] as const;
export type CreditGivenAs = (typeof CREDIT_GIVEN_AS)[number];

/** A tax of a line as it is stored, its decimals as strings. */
export interface StoredLineTax {
  readonly key: string;
  readonly name: string;
  readonly percent: string;
  readonly behaviour: 'exclusive' | 'inclusive';
  readonly category: string;
  /** What is taxed. */
  readonly base: string;
  readonly amount: string;
  readonly reason: string | null;
}
