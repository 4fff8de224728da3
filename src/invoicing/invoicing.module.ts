import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { IngestionModule } from '../ingestion';
import { MeteringModule } from '../metering';
import { TaxesModule } from '../taxes';
import { WalletModule } from '../wallet';
import { Adjustments } from './adjustments';
import { CustomerCredit } from './customer-credit';
import { ExplanationsService } from './explanations.service';
import { DraftGathering } from './draft-gathering';
import { DraftRefresher } from './draft-refresher';
import { FeesReconciler } from './fees-reconciler';
import { FinalizeRefusals } from './finalize-refusals';
import { InvoiceIssuer } from './invoice-issuer';
import { InvoiceLoader } from './invoice-loader';
import { InvoiceTotals } from './invoice-totals';
import { StoredInvoiceLookup } from './invoice-lookup';
import { InvoiceSettingsService } from './invoice-settings.service';
import { InvoiceStatesController } from './invoice-states.controller';
import { InvoiceStatesService } from './invoice-states.service';
import { InvoicesController } from './invoices.controller';
import { InvoicesService } from './invoices.service';
import { PartMaker } from './part-maker';
import { PeriodCloser } from './period-closer';
import { PeriodRater } from './period-rater';
import { RevenueService } from './revenue.service';
import { UsageLedgerController } from './usage-ledger.controller';
import { UsageLedgerService } from './usage-ledger.service';

@Module({
  imports: [CatalogModule, CustomersModule, IngestionModule, MeteringModule, TaxesModule, WalletModule],
  controllers: [InvoicesController, InvoiceStatesController, UsageLedgerController],
  providers: [
    UsageLedgerService,
    Adjustments,
    CustomerCredit,
    ExplanationsService,
    DraftGathering,
    DraftRefresher,
    FeesReconciler,
    FinalizeRefusals,
    InvoiceIssuer,
    InvoiceLoader,
    InvoiceTotals,
    PartMaker,
    InvoicesService,
    InvoiceSettingsService,
    InvoiceStatesService,
    PeriodCloser,
    PeriodRater,
    RevenueService,
    StoredInvoiceLookup,
  ],
  exports: [ExplanationsService, InvoicesService, PeriodCloser],
})
export class InvoicingModule {}
