export type { SubscriptionWithPlan } from './assemble-subscription';
export type { ChangeRequest, ChangeTime } from './change-request';
export { type ChangeOutcome, ChangesService } from './changes.service';
export { CustomerDirectory, type KnownCustomer } from './customer-directory';
export { CustomerBillingService } from './customer-billing.service';
export { CustomersModule } from './customers.module';
export { CustomersService } from './customers.service';
export * from './domain';
export { lockCustomers } from './lock-customers';
export { CustomerBillingDetailsEntity } from './persistence/customer-billing-details.entity';
export { CustomerEntity } from './persistence/customer.entity';
export { PlanMoveEntity } from './persistence/plan-move.entity';
export { PlanMoveFields, PlanMoveRequest, toNewPlanMove } from './plan-move.schema';
export { type MoveCandidate, type MoveCandidates, type NewPlanMove, PlanMovesService } from './plan-moves.service';
export {
  CHANGE_INVOICES,
  CHANGE_KINDS,
  type ChangeInvoice,
  type ChangeKind,
  SubscriptionChangeEntity,
} from './persistence/subscription-change.entity';
export { SubscriptionCycleEntity } from './persistence/subscription-cycle.entity';
export { INVOICINGS, type Invoicing, SubscriptionEntity, type Thresholds } from './persistence/subscription.entity';
export { SubscriptionOverrideEntity } from './persistence/subscription-override.entity';
export { SubscriptionPauseEntity } from './persistence/subscription-pause.entity';
export { SubscriptionPhaseEntity } from './persistence/subscription-phase.entity';
export { TestClockEntity } from './persistence/test-clock.entity';
export { SubscriptionResponse, toSubscriptionResponse } from './subscription-responses';
export { SubscriptionsService } from './subscriptions.service';
export { PriceOverrideFields } from './price-override.schema';
export { type TestClockAdvancing, TestClocksService } from './test-clocks.service';
