import type { Currency, Decimal, Micros } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { RatedCustomers } from '../spend/charged-so-far';
import type { PendingRow, WorkScope } from '../domain';
import type { EntitlementRules } from '../rules';

/** What the steps of one counting transaction share. All are run one after the other, on one connection of the owner's. */
export interface Counting {
  readonly db: Queryable;
  readonly organisationId: string;
  readonly rules: EntitlementRules;
  readonly now: Date;
  /** In the order of their batches; deleted by this transaction already. */
  readonly rows: readonly PendingRow[];
  /** Read in the snapshot that `rows` are from; null where nobody's spend has to be known. */
  readonly rated: RatedCustomers | null;
}

/** A change of what is charged, and what caused it. */
export interface SpendEntry {
  readonly id: string;
  readonly customerId: string;
  readonly subscriptionId: string;
  readonly periodIndex: number;
  readonly charge: string;
  readonly meterId: string;
  readonly currency: Currency;
  /** Not zero; below zero for what is taken off. */
  readonly amount: Decimal;
  /** Of the events that caused it, with the subscription; only customer and subscription where no event did. */
  readonly scope: WorkScope;
  readonly minute: Micros | null;
  readonly holdId: string | null;
  readonly pendingId: string | null;
}

/** S: writes down what is charged more or less than was written down before, and says it. */
export type CountSpend = (counting: Counting) => Promise<readonly SpendEntry[]>;

/** W: burns credit for what is charged and for units. Locks the wallets itself, in the order of their ids. */
export type BurnCredit = (counting: Counting, spend: readonly SpendEntry[]) => Promise<void>;

/** L: looks at what agents did, stores findings, and sets sessions to what the rules say. Locks sessions itself, in order. */
export type WatchLoops = (counting: Counting) => Promise<void>;
