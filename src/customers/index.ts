export { CustomerDirectory, type KnownCustomer } from './customer-directory';
export { CustomersModule } from './customers.module';
export { CustomersService } from './customers.service';
export { CustomerEntity } from './persistence/customer.entity';
export { SubscriptionEntity } from './persistence/subscription.entity';
export { TestClockEntity } from './persistence/test-clock.entity';
export { anchorOf, periodOf, SubscriptionsService, type SubscriptionWithPlan } from './subscriptions.service';
export type { TestClockAdvanced } from './test-clocks.service';
