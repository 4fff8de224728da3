import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { EntitlementsModule } from '../entitlements';
import { IngestionModule } from '../ingestion';
import { MeteringModule } from '../metering';
import { TaxesModule } from '../taxes';
import { WalletModule } from '../wallet';
import { Adjustments } from './adjusting/adjustments';
import { ApprovalService } from './issuing/approval.service';
import { BatchCloser } from './closing/batch-closer';
import { BatchFinalizer } from './closing/batch-finalizer';
import { BillingRunsController } from './closing/billing-runs.controller';
import { BillingRunsService } from './closing/billing-runs.service';
import { ClosingLoads } from './closing/closing-loads';
import { DailyUsageService } from './explaining/daily-usage';
import { CreditNotesController } from './credit/credit-notes.controller';
import { CreditNotesService } from './credit/credit-notes.service';
import { CounterfactualService } from './explaining/counterfactual';
import { CounterfactualController } from './explaining/counterfactual.controller';
import { CustomerCredit } from './credit/customer-credit';
import { PrepaidCredit } from './credit/prepaid-credit';
import { ExplanationsService } from './explaining/explanations.service';
import { DraftGathering } from './drafts/draft-gathering';
import { DraftRefresher } from './drafts/draft-refresher';
import { FeesReconciler } from './drafts/fees-reconciler';
import { FinalizeRefusals } from './issuing/finalize-refusals';
import { InvoiceItemsService } from './one-off/invoice-items.service';
import { InvoiceIssuer } from './issuing/invoice-issuer';
import { InvoiceLoader } from './invoice-loader';
import { InvoiceTotals } from './drafts/invoice-totals';
import { StoredInvoiceLookup } from './invoice-lookup';
import { InvoiceSettingsService } from './issuing/invoice-settings.service';
import { InvoiceStatesController } from './issuing/invoice-states.controller';
import { InvoiceStatesService } from './issuing/invoice-states.service';
import { InvoicesController } from './invoices.controller';
import { InvoicesService } from './invoices.service';
import { OpenCharges } from './spend/open-charges';
import { OneOffController } from './one-off/one-off.controller';
import { OneOffService } from './one-off/one-off.service';
import { TopUpsController } from './one-off/top-ups.controller';
import { TopUpsService } from './one-off/top-ups.service';
import { Parking } from './closing/parking';
import { ParkingController } from './closing/parking.controller';
import { PartMaker } from './drafts/part-maker';
import { PeriodCloser } from './closing/period-closer';
import { PeriodRater } from './drafts/period-rater';
import { ReissueService } from './issuing/reissue.service';
import { RevenueController } from './revenue/revenue.controller';
import { RevenueReportsService } from './revenue/revenue-reports.service';
import { RevenueService } from './revenue/revenue.service';
import { SubscriptionChangesController } from './changes/subscription-changes.controller';
import { SubscriptionLifecycle } from './changes/subscription-lifecycle.service';
import { ThresholdLines } from './thresholds/threshold-lines';
import { ThresholdsService } from './thresholds/thresholds.service';
import { UsageLedgerController } from './explaining/usage-ledger.controller';
import { UsageLedgerService } from './explaining/usage-ledger.service';

@Module({
  imports: [
    CatalogModule,
    CustomersModule,
    EntitlementsModule,
    IngestionModule,
    MeteringModule,
    TaxesModule,
    WalletModule,
  ],
  controllers: [
    CounterfactualController,
    InvoicesController,
    InvoiceStatesController,
    OneOffController,
    SubscriptionChangesController,
    UsageLedgerController,
    BillingRunsController,
    ParkingController,
    CreditNotesController,
    RevenueController,
    TopUpsController,
  ],
  providers: [
    CounterfactualService,
    UsageLedgerService,
    Adjustments,
    ApprovalService,
    BatchCloser,
    BatchFinalizer,
    BillingRunsService,
    ClosingLoads,
    CreditNotesService,
    CustomerCredit,
    DailyUsageService,
    ExplanationsService,
    DraftGathering,
    DraftRefresher,
    FeesReconciler,
    FinalizeRefusals,
    InvoiceIssuer,
    InvoiceItemsService,
    InvoiceLoader,
    InvoiceTotals,
    PartMaker,
    ReissueService,
    ThresholdLines,
    InvoicesService,
    InvoiceSettingsService,
    InvoiceStatesService,
    OneOffService,
    OpenCharges,
    Parking,
    PeriodCloser,
    PeriodRater,
    PrepaidCredit,
    RevenueReportsService,
    RevenueService,
    StoredInvoiceLookup,
    SubscriptionLifecycle,
    ThresholdsService,
    TopUpsService,
  ],
  exports: [CreditNotesService, DailyUsageService, ExplanationsService, InvoicesService, PeriodCloser, TopUpsService],
})
export class InvoicingModule {}
