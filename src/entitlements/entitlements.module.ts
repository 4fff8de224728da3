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
import { LoopWatcher } from './sessions/loop-watcher';
import { SizingController } from './sizing/sizing.controller';
import { SizingService } from './sizing/sizing.service';
import { ChargedSoFar } from './spend/charged-so-far';
import { CreditBurner } from './spend/credit-burner';
import { HoldEstimator } from './spend/hold-estimator';
import { SpendCounter } from './spend/spend-counter';

@Module({
  imports: [AccessModule, CatalogModule, CostingModule, CustomersModule, LoopsModule, MeteringModule, WalletModule],
  controllers: [SizingController],
  providers: [
    ChargedSoFar,
    CountingService,
    CountingTransaction,
    CreditBurner,
    EntitlementBooks,
    HoldEstimator,
    LoopWatcher,
    ScopeFactsService,
    SizingService,
    SpendCounter,
  ],
  exports: [ChargedSoFar, CountingService, EntitlementBooks, ScopeFactsService],
})
export class EntitlementsModule {}
