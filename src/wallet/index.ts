export * from './domain';
export { CreditExpiry } from './credit-expiry';
export { LedgerService } from './ledger.service';
export {
  burnedOfFeature,
  type BurnedFor,
  burnedOfPeriods,
  coveredOf,
  insertEntries,
  loadEmptyGrants,
  lockWallets,
  moneyWalletsOf,
  saveWallets,
  takenByInvoice,
} from './persistence/wallet-store';
export {
  GRANT_COLUMNS,
  type GrantRow,
  heldByJson,
  toWalletState,
  WALLET_COLUMNS,
  type WalletRow,
} from './persistence/wallet-rows';
export { RulesChanged } from './rules-changed';
export {
  automaticTopUps,
  insertTopUp,
  listTopUps,
  TOP_UP_STATUSES,
  TOP_UP_TRIGGERS,
  type TopUpRecord,
} from './persistence/top-up-store';
export { TopUpGrants } from './top-up-grants';
export { type StoredGrantTerms, type StoredTopUp, toRule, toTopUp } from './top-up-storage';
export { WalletBooks } from './wallet-books';
export { type ToppedUp, WalletGrantsService } from './wallet-grants.service';
export { BalanceResponse, nextExpiry, toBalance, toWalletResponse, WalletResponse } from './wallet-responses';
export { WalletModule } from './wallet.module';
export { type ShownWallet, WalletsService } from './wallets.service';
