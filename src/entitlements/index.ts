export { CountingService } from './counting/counting.service';
export { appendPending, type EventToCount, pendingEntitlementCopy, PendingSums } from './counting/pending-sums';
export * from './domain';
export { EntitlementBooks } from './entitlement-books';
export { EntitlementsModule } from './entitlements.module';
export type { EntitlementRules, EntitlementSettings, WalletRule } from './rules';
export {
  ChargedSoFar,
  type ChargesLookup,
  type ChargeSoFar,
  type PeriodSoFar,
  type RatedCustomers,
  type VirtualUnits,
  type VirtualUsage,
} from './spend/charged-so-far';
