export * from './domain';
export { EntitlementBooks } from './entitlement-books';
export { EntitlementsModule } from './entitlements.module';
export type { EntitlementRules, EntitlementSettings, WalletRule } from './rules';
export {
  ChargedSoFar,
  type ChargesLookup,
  type ChargeSoFar,
  type RatedCustomers,
  type VirtualUsage,
} from './spend/charged-so-far';
