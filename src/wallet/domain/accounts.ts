/**
 * The accounts of the ledger, in the order in which a trial balance lists them. An amount above zero is a debit, below
 * zero a credit; so what we own or lost is above zero, and what we earned or owe is below.
 *
 * | account               | its balance is                                                   |
 * | --------------------- | ---------------------------------------------------------------- |
 * | `accounts_receivable` | what customers still have to pay of finalized invoices           |
 * | `payments`            | money that arrived                                               |
 * | `revenue`             | what was earned, below zero                                      |
 * | `deferred_revenue`    | what was invoiced for a service still to come, below zero        |
 * | `tax`                 | what was invoiced for a tax office, below zero                   |
 * | `customer_credit`     | what customers may use up or have back, below zero               |
 * | `write_offs`          | what was given up                                                |
 * | `prepaid_credit`      | what wallets may still burn, and what of them paid no invoice yet, below zero |
 * | `promotional_credit`  | what was given as credit without being paid for                  |
 * | `breakage`            | what was paid for credit that expired, below zero                |
 */
export const ACCOUNTS = [
  'accounts_receivable',
  'payments',
  'revenue',
  'deferred_revenue',
  'tax',
  'customer_credit',
  'write_offs',
  'prepaid_credit',
  'promotional_credit',
  'breakage',
] as const;
export type Account = (typeof ACCOUNTS)[number];
