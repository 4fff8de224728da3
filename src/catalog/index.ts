export { CatalogModule } from './catalog.module';
export { toStoredCharge, type StoredCharge } from './charge-storage';
export * from './domain';
export { type MeterCreated, MetersService, raiseCatalogRevision } from './meters.service';
export { MeterEntity } from './persistence/meter.entity';
export { PlanEntity } from './persistence/plan.entity';
export { PriceEntity } from './persistence/price.entity';
export { PlansService, type StoredPlan } from './plans.service';
