import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { IngestionModule } from '../ingestion';
import { MeteringModule } from '../metering';
import { WalletModule } from '../wallet';
import { ExplanationsService } from './explanations.service';
import { InvoiceIssuer } from './invoice-issuer';
import { StoredInvoiceLookup } from './invoice-lookup';
import { InvoiceSettingsService } from './invoice-settings.service';
import { InvoiceStatesController } from './invoice-states.controller';
import { InvoiceStatesService } from './invoice-states.service';
import { InvoicesController } from './invoices.controller';
import { InvoicesService } from './invoices.service';
import { PeriodCloser } from './period-closer';

@Module({
  imports: [CatalogModule, CustomersModule, IngestionModule, MeteringModule, WalletModule],
  controllers: [InvoicesController, InvoiceStatesController],
  providers: [
    ExplanationsService,
    InvoiceIssuer,
    InvoicesService,
    InvoiceSettingsService,
    InvoiceStatesService,
    PeriodCloser,
    StoredInvoiceLookup,
  ],
  exports: [ExplanationsService, InvoicesService, PeriodCloser],
})
export class InvoicingModule {}
