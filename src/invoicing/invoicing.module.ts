import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { IngestionModule } from '../ingestion';
import { MeteringModule } from '../metering';
import { TaxesModule } from '../taxes';
import { WalletModule } from '../wallet';
import { Adjustments } from './adjustments';
import { ApprovalService } from './approval.service';
import { BatchCloser } from './batch-closer';
import { BatchFinalizer } from './batch-finalizer';
import { BillingRunsController } from './billing-runs.controller';
import { BillingRunsService } from './billing-runs.service';
import { ClosingLoads } from './closing-loads';
import { DailyUsageService } from './daily-usage';
import { CreditNotesController } from './credit-notes.controller';
import { CreditNotesService } from './credit-notes.service';
import { CounterfactualService } from './counterfactual';
import { CounterfactualController } from './counterfactual.controller';
import { CustomerCredit } from './customer-credit';
import { ExplanationsService } from './explanations.service';
import { DraftGathering } from './draft-gathering';
import { DraftRefresher } from './draft-refresher';
import { FeesReconciler } from './fees-reconciler';
import { FinalizeRefusals } from './finalize-refusals';
import { InvoiceItemsService } from './invoice-items.service';
import { InvoiceIssuer } from './invoice-issuer';
import { InvoiceLoader } from './invoice-loader';
import { InvoiceTotals } from './invoice-totals';
import { StoredInvoiceLookup } from './invoice-lookup';
import { InvoiceSettingsService } from './invoice-settings.service';
import { InvoiceStatesController } from './invoice-states.controller';
import { InvoiceStatesService } from './invoice-states.service';
import { InvoicesController } from './invoices.controller';
import { InvoicesService } from './invoices.service';
import { OneOffController } from './one-off.controller';
import { OneOffService } from './one-off.service';
import { Parking } from './parking';
import { ParkingController } from './parking.controller';
import { PartMaker } from './part-maker';
import { PeriodCloser } from './period-closer';
import { PeriodRater } from './period-rater';
import { ReissueService } from './reissue.service';
import { RevenueController } from './revenue.controller';
import { RevenueReportsService } from './revenue-reports.service';
import { RevenueService } from './revenue.service';
import { SubscriptionChangesController } from './subscription-changes.controller';
import { SubscriptionLifecycle } from './subscription-lifecycle.service';
import { ThresholdLines } from './threshold-lines';
import { ThresholdsService } from './thresholds.service';
import { UsageLedgerController } from './usage-ledger.controller';
import { UsageLedgerService } from './usage-ledger.service';

@Module({
  imports: [CatalogModule, CustomersModule, IngestionModule, MeteringModule, TaxesModule, WalletModule],
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
    Parking,
    PeriodCloser,
    PeriodRater,
    RevenueReportsService,
    RevenueService,
    StoredInvoiceLookup,
    SubscriptionLifecycle,
    ThresholdsService,
  ],
  exports: [CreditNotesService, DailyUsageService, ExplanationsService, InvoicesService, PeriodCloser],
})
export class InvoicingModule {}
