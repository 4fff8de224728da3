import { type Currency, type Decimal, invariant, sum, ZERO } from '../../kernel';
import { type Account, ACCOUNTS } from './accounts';

/** What was booked on an account in a currency, each side by itself, both zero or above. */
export interface AccountSums {
  readonly account: Account;
  readonly debits: Decimal;
  readonly credits: Decimal;
}

export interface AccountBalance extends AccountSums {
  /** debits − credits */
  readonly balance: Decimal;
}

/** The ledger in one currency: every account, also those without an entry. */
export interface TrialBalance {
  readonly currency: Currency;
  readonly accounts: readonly AccountBalance[];
  readonly debits: Decimal;
  readonly credits: Decimal;
}

/**
 * Puts the sums of accounts together to a trial balance for each currency, by code.
 *
 * @throws InvariantError when debits and credits differ, since then a posting doesn't sum to zero
 */
export function trialBalances(sums: readonly (AccountSums & { readonly currency: Currency })[]): TrialBalance[] {
  const currencies = [...new Set(sums.map(({ currency }) => currency))].sort();
  return currencies.map((currency) => {
    const accounts = ACCOUNTS.map((account): AccountBalance => {
      const booked = sums.find((each) => each.currency === currency && each.account === account);
      const { debits, credits } = booked ?? { debits: ZERO, credits: ZERO };
      return { account, debits, credits, balance: debits.minus(credits) };
    });
    const debits = sum(accounts.map((each) => each.debits));
    const credits = sum(accounts.map((each) => each.credits));
    invariant(debits.equals(credits), 'debits and credits of the ledger are equal');
    return { currency, accounts, debits, credits };
  });
}
