export * from './domain';
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
export { WalletModule } from './wallet.module';
