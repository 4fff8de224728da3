import type { Currency, Decimal } from '../../kernel';
import type { Amounts, HoldFlag, Reason, SizingNote, WalletNeed } from '../domain';

/** What a request says of its work, as it was read and checked: decimals of 0 or more. What is left out is not said. */
export interface Estimate {
  /** What it costs and what is charged for it alike, in the currency of costs; the others aren't said then. */
  readonly amount?: Decimal | undefined;
  /** In the currency of costs. */
  readonly cost?: Decimal | undefined;
  readonly spend?: Decimal | undefined;
  /** Of `amount` and `spend`; the currency of costs without it. */
  readonly currency?: Currency | undefined;
  /** By meter, our id or its key. */
  readonly units?: Readonly<Record<string, Decimal>> | undefined;
  /** 1 without it: events that work sends are as many. */
  readonly actions?: Decimal | undefined;
  /** Of the event that the work will send, where that is known: whose meters would count it. */
  readonly type?: string | undefined;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly inputTokens?: Decimal | undefined;
  readonly outputTokens?: Decimal | undefined;
  /** The most output there can be. */
  readonly maxTokens?: Decimal | undefined;
  readonly taskClass?: string | undefined;
}

/** An estimate as numbers. */
export interface Estimated {
  readonly amounts: Amounts;
  readonly flags: readonly HoldFlag[];
  /** Set where it has to be refused, such as for an unknown price. */
  readonly refusal: { readonly reason: Reason; readonly detail: string } | null;
  readonly wallets: readonly WalletNeed[];
  /** What sizing said, where history said how much. */
  readonly sizing: SizingNote | null;
}
