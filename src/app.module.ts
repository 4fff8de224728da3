import { type DynamicModule, Module } from '@nestjs/common';
import { AccessModule, ApiKeyEntity, OrganisationBillingDetailsEntity, OrganisationEntity } from './access';
import { CatalogModule, FeatureEntity, MeterEntity, MeterRevisionEntity, PlanEntity, PriceEntity } from './catalog';
import { CostingModule } from './costing';
import {
  CustomerBillingDetailsEntity,
  CustomerEntity,
  CustomersModule,
  PlanMoveEntity,
  SubscriptionChangeEntity,
  SubscriptionCycleEntity,
  SubscriptionEntity,
  SubscriptionOverrideEntity,
  SubscriptionPauseEntity,
  SubscriptionPhaseEntity,
  TestClockEntity,
} from './customers';
import { DocumentsModule } from './documents';
import { EntitlementsModule } from './entitlements';
import { EventsModule } from './events';
import { ChangesModule, IngestionModule } from './ingestion';
import { InsightsModule } from './insights';
import {
  BillingRunEntity,
  CreditNoteEntity,
  CreditNoteLineEntity,
  InvoiceEntity,
  InvoiceItemEntity,
  InvoiceLineEntity,
  InvoicePartEntity,
  InvoicingModule,
  PaymentEntity,
  PeriodBilledEntity,
  PoolBalanceEntity,
  RevenueScheduleEntity,
} from './invoicing';
import { LoopsModule } from './loops';
import { MeteringModule } from './metering';
import { SimulationsModule } from './simulations';
import { type Foundations, PlatformModule } from './platform';
import { RatingModule } from './rating';
import { TaxesModule } from './taxes';
import { WalletModule } from './wallet';

/** Every entity, for the one data source. */
export const ENTITIES = [
  OrganisationEntity,
  OrganisationBillingDetailsEntity,
  ApiKeyEntity,
  MeterEntity,
  MeterRevisionEntity,
  PlanEntity,
  PriceEntity,
  FeatureEntity,
  CustomerEntity,
  CustomerBillingDetailsEntity,
  TestClockEntity,
  SubscriptionEntity,
  SubscriptionCycleEntity,
  SubscriptionPauseEntity,
  SubscriptionChangeEntity,
  SubscriptionPhaseEntity,
  SubscriptionOverrideEntity,
  PlanMoveEntity,
  InvoiceEntity,
  InvoiceItemEntity,
  InvoiceLineEntity,
  InvoicePartEntity,
  PeriodBilledEntity,
  PoolBalanceEntity,
  PaymentEntity,
  CreditNoteEntity,
  CreditNoteLineEntity,
  RevenueScheduleEntity,
  BillingRunEntity,
] as const;

/** The rooms, in the order the data visits them. */
@Module({})
export class AppModule {
  static with(foundations: Foundations): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.with(foundations),
        AccessModule,
        CatalogModule,
        CustomersModule,
        WalletModule,
        TaxesModule,
        EventsModule,
        CostingModule,
        MeteringModule,
        RatingModule,
        LoopsModule,
        EntitlementsModule,
        IngestionModule,
        ChangesModule,
        InvoicingModule,
        DocumentsModule,
        SimulationsModule,
        InsightsModule,
      ],
    };
  }
}
