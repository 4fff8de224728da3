export { CountingService } from './counting/counting.service';
export { appendPending, type EventToCount, pendingEntitlementCopy, PendingSums } from './counting/pending-sums';
export * from './domain';
export { CapFiller } from './caps/cap-filler';
export { CapsService } from './caps/caps.service';
export { DriftCheck } from './caps/drift-check';
export { EntitlementBooks } from './entitlement-books';
export { EntitlementsModule } from './entitlements.module';
export { HoldEvents } from './holds/hold-events';
export { holdsOperations } from './holds/holds.openapi';
export { HoldsRoute } from './holds/holds.route';
export { HoldsService } from './holds/holds.service';
export type { EntitlementRules, EntitlementSettings, WalletRule } from './rules';
export {
  type AllowanceLeft,
  type AllowancesLeft,
  ChargedSoFar,
  type ChargesLookup,
  type ChargeSoFar,
  type PeriodSoFar,
  type RatedCustomers,
  type VirtualUnits,
  type VirtualUsage,
} from './spend/charged-so-far';
