import type { Currency, Decimal } from '../../kernel';
import type { Reserved } from './prepaid/available';
import type { WalletMeasure, WalletTotals } from './prepaid/book';
import type { Overdraft } from './prepaid/burn';
import type { Grant } from './prepaid/grant';

/** A wallet whose row is locked, with its grants: what holds and burns are decided by. */
export interface WalletState {
  readonly id: string;
  readonly customerId: string;
  /** Of a wallet in money; else null. */
  readonly currency: Currency | null;
  /** Of a wallet in own units: their name; else null. */
  readonly unit: string | null;
  /** Of own units: how many of them one unit of a meter burns, by the meter's uuid; empty for money. */
  readonly burns: ReadonlyMap<string, Decimal>;
  /** What becomes of a hold that finds too little: it is refused, or passes and is billed. */
  readonly whenEmpty: 'refuse' | 'arrears';
  /** Grants with something left. */
  grants: readonly Grant[];
  overdraft: Overdraft;
  /** What the grants have left, less what it is overdrawn by. */
  settled: Decimal;
  held: Decimal;
  /** `held` by feature. */
  heldBy: readonly Reserved[];
  /** To be written by the transaction. */
  changed: boolean;
}

/** A wallet that is locked by whoever grants, burns or expires credit: all of it. */
export interface LockedWallet extends WalletState {
  readonly key: string;
  readonly measure: WalletMeasure;
  /** The currency of its books. */
  readonly booksCurrency: Currency;
  /** The customer's now where they live by a test clock; null for real time. */
  readonly testNow: Date | null;
  totals: WalletTotals;
  /** How much of `totals.earned` the ledger has. */
  earnedBooked: Decimal;
}
