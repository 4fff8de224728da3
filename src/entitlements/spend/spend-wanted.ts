import { type Currency, Decimal, scaledFromDecimal, scaledToDecimal } from '../../kernel';
import type { Amounts, WalletNeed } from '../domain';
import type { EntitlementRules, WalletRule } from '../rules';

/** What of a customer's spend and units is held: in which currencies, and in which wallets. */
export interface Wanted {
  readonly currencies: readonly Currency[];
  readonly wallets: readonly WalletRule[];
}

interface Index {
  readonly ofAll: ReadonlySet<Currency>;
  readonly byCustomer: ReadonlyMap<string, { readonly currencies: Set<Currency>; readonly wallets: WalletRule[] }>;
}

/** Made once for each revision of the rules: a hold asks for one customer among many. */
const indexes = new WeakMap<EntitlementRules, Index>();

/** Currencies of the caps of spend and the wallets that may apply to a customer's work, with those wallets. */
export function wantedOf(rules: EntitlementRules, customerId: string): Wanted {
  let index = indexes.get(rules);
  if (index === undefined) indexes.set(rules, (index = indexOf(rules)));
  const own = index.byCustomer.get(customerId);
  return { currencies: [...new Set([...index.ofAll, ...(own?.currencies ?? [])])], wallets: own?.wallets ?? [] };
}

function indexOf({ caps, wallets }: EntitlementRules): Index {
  const ofAll = new Set<Currency>();
  const byCustomer = new Map<string, { currencies: Set<Currency>; wallets: WalletRule[] }>();
  const of = (customerId: string): { currencies: Set<Currency>; wallets: WalletRule[] } => {
    let own = byCustomer.get(customerId);
    if (own === undefined) byCustomer.set(customerId, (own = { currencies: new Set(), wallets: [] }));
    return own;
  };
  for (const { measure, currency, scope } of caps) {
    if (measure !== 'spend' || currency === null) continue;
    if (scope.customer === undefined) ofAll.add(currency);
    else of(scope.customer).currencies.add(currency);
  }
  for (const wallet of wallets) {
    const own = of(wallet.customerId);
    own.wallets.push(wallet);
    if (wallet.currency !== null) own.currencies.add(wallet.currency);
  }
  return { ofAll, byCustomer };
}

/** What each wallet would pay: money for what is charged, its own units for what meters count. */
export function walletNeeds(wallets: readonly WalletRule[], amounts: Amounts, feature: string | null): WalletNeed[] {
  return wallets.flatMap(({ id, currency, burns }) => {
    const amount = currency === null ? unitsBurned(burns, amounts) : (amounts.spend.get(currency) ?? 0n);
    return amount === 0n ? [] : [{ walletId: id, feature, amount }];
  });
}

function unitsBurned(burns: WalletRule['burns'], { units }: Amounts): bigint {
  let burned = new Decimal(0);
  for (const [meterId, each] of burns) burned = burned.plus(scaledToDecimal(units.get(meterId) ?? 0n).times(each));
  return scaledFromDecimal(burned.toDecimalPlaces(24));
}
