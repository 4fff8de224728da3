export { CountingService } from './counting/counting.service';
export { appendPending, type EventToCount, pendingEntitlementCopy, PendingSums } from './counting/pending-sums';
export * from './domain';
export { EntitlementBooks } from './entitlement-books';
export { EntitlementsModule } from './entitlements.module';
export { HoldEvents } from './holds/hold-events';
export { HoldsRoute } from './holds/holds.route';
export { HoldsService } from './holds/holds.service';
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
