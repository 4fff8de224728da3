import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { AgreedTerms } from './agreed-terms';
import { ChangesService } from './changes.service';
import { CustomerBillingService } from './customer-billing.service';
import { CustomerDirectory } from './customer-directory';
import { CustomersController } from './customers.controller';
import { CustomersService } from './customers.service';
import { OverridesService } from './overrides.service';
import { PlanMovesController } from './plan-moves.controller';
import { PlanMovesService } from './plan-moves.service';
import { SubscriptionsController } from './subscriptions.controller';
import { SubscriptionsService } from './subscriptions.service';
import { TermsChanges } from './terms-changes';
import { TestClocksService } from './test-clocks.service';

@Module({
  imports: [CatalogModule],
  controllers: [CustomersController, SubscriptionsController, PlanMovesController],
  providers: [
    AgreedTerms,
    ChangesService,
    CustomerBillingService,
    CustomerDirectory,
    CustomersService,
    SubscriptionsService,
    OverridesService,
    PlanMovesService,
    TermsChanges,
    TestClocksService,
  ],
  exports: [
    ChangesService,
    CustomerBillingService,
    CustomerDirectory,
    CustomersService,
    SubscriptionsService,
    PlanMovesService,
    TestClocksService,
  ],
})
export class CustomersModule {}
