export * from './domain';
export { LedgerService } from './ledger.service';
export { WalletModule } from './wallet.module';
