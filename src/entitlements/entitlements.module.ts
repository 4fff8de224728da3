import { Module } from '@nestjs/common';
import { AccessModule } from '../access';
import { CatalogModule } from '../catalog';
import { CostingModule } from '../costing';
import { CustomersModule } from '../customers';
import { LoopsModule } from '../loops';
import { MeteringModule } from '../metering';
import { ProblemFilter } from '../platform/http';
import { WalletModule } from '../wallet';
import { AlertsController } from './alerts/alerts.controller';
import { CapDefinitions } from './caps/cap-definitions';
import { CapFiller } from './caps/cap-filler';
import { CapRecounter } from './caps/cap-recounter';
import { CapWindowsService } from './caps/cap-windows';
import { CapsController } from './caps/caps.controller';
import { CapsService } from './caps/caps.service';
import { DriftCheck } from './caps/drift-check';
import { ScopeFactsService } from './caps/scope-facts.service';
import { CountingService } from './counting/counting.service';
import { CountingTransaction } from './counting/counting-transaction';
import { EntitlementBooks } from './entitlement-books';
import { HoldEvents } from './holds/hold-events';
import { HoldsController } from './holds/holds.controller';
import { HoldsRoute } from './holds/holds.route';
import { HoldsService } from './holds/holds.service';
import { LoopFindingsController } from './sessions/loop-findings.controller';
import { LoopFindingsService } from './sessions/loop-findings.service';
import { LoopRulesController } from './sessions/loop-rules.controller';
import { LoopRulesService } from './sessions/loop-rules.service';
import { LoopWatcher } from './sessions/loop-watcher';
import { SessionControlService } from './sessions/session-control.service';
import { SessionsController } from './sessions/sessions.controller';
import { EntitlementSettingsController } from './settings/entitlement-settings.controller';
import { EntitlementSettingsService } from './settings/entitlement-settings.service';
import { BalancesController } from './balances/balances.controller';
import { BalancesService } from './balances/balances.service';
import { Away } from './holds/away/away';
import { AwayReturn } from './holds/away/away-return';
import { SizingController } from './sizing/sizing.controller';
import { SizingService } from './sizing/sizing.service';
import { ChargedSoFar } from './spend/charged-so-far';
import { CreditBurner } from './spend/credit-burner';
import { CreditBurnerPort } from './spend/credit-burner-port';
import { EstimateBooks } from './spend/estimate-books';
import { HoldEstimator } from './spend/hold-estimator';
import { SpendCounter } from './spend/spend-counter';

@Module({
  imports: [AccessModule, CatalogModule, CostingModule, CustomersModule, LoopsModule, MeteringModule, WalletModule],
  controllers: [
    AlertsController,
    BalancesController,
    CapsController,
    EntitlementSettingsController,
    HoldsController,
    LoopFindingsController,
    LoopRulesController,
    SessionsController,
    SizingController,
  ],
  providers: [
    Away,
    AwayReturn,
    BalancesService,
    CapDefinitions,
    CapFiller,
    CapRecounter,
    CapWindowsService,
    CapsService,
    ChargedSoFar,
    CountingService,
    CountingTransaction,
    CreditBurner,
    CreditBurnerPort,
    DriftCheck,
    EntitlementBooks,
    EntitlementSettingsService,
    EstimateBooks,
    HoldEstimator,
    HoldEvents,
    HoldsRoute,
    HoldsService,
    LoopFindingsService,
    LoopRulesService,
    LoopWatcher,
    ProblemFilter,
    ScopeFactsService,
    SessionControlService,
    SizingService,
    SpendCounter,
  ],
  exports: [
    DriftCheck,
    CapFiller,
    CapsService,
    ChargedSoFar,
    CountingService,
    EntitlementBooks,
    HoldEvents,
    HoldsRoute,
    HoldsService,
    ScopeFactsService,
  ],
})
export class EntitlementsModule {}
