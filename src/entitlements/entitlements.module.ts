import { Module } from '@nestjs/common';
import { AccessModule } from '../access';
import { CatalogModule } from '../catalog';
import { CostingModule } from '../costing';
import { CustomersModule } from '../customers';
import { LoopsModule } from '../loops';
import { MeteringModule } from '../metering';
import { WalletModule } from '../wallet';
import { ScopeFactsService } from './caps/scope-facts.service';
import { CountingService } from './counting/counting.service';
import { CountingTransaction } from './counting/counting-transaction';
import { EntitlementBooks } from './entitlement-books';
import { HoldEvents } from './holds/hold-events';
import { HoldsRoute } from './holds/holds.route';
import { HoldsService } from './holds/holds.service';
import { LoopFindingsController } from './sessions/loop-findings.controller';
import { LoopFindingsService } from './sessions/loop-findings.service';
import { LoopRulesController } from './sessions/loop-rules.controller';
import { LoopRulesService } from './sessions/loop-rules.service';
import { LoopWatcher } from './sessions/loop-watcher';
import { SizingController } from './sizing/sizing.controller';
import { SizingService } from './sizing/sizing.service';
import { ChargedSoFar } from './spend/charged-so-far';
import { CreditBurner } from './spend/credit-burner';
import { HoldEstimator } from './spend/hold-estimator';
import { SpendCounter } from './spend/spend-counter';

@Module({
  imports: [AccessModule, CatalogModule, CostingModule, CustomersModule, LoopsModule, MeteringModule, WalletModule],
  controllers: [LoopFindingsController, LoopRulesController, SizingController],
  providers: [
    ChargedSoFar,
    CountingService,
    CountingTransaction,
    CreditBurner,
    EntitlementBooks,
    HoldEstimator,
    HoldEvents,
    HoldsRoute,
    HoldsService,
    LoopFindingsService,
    LoopRulesService,
    LoopWatcher,
    ScopeFactsService,
    SizingService,
    SpendCounter,
  ],
  exports: [ChargedSoFar, CountingService, EntitlementBooks, ScopeFactsService, HoldEvents, HoldsRoute, HoldsService],
})
export class EntitlementsModule {}
