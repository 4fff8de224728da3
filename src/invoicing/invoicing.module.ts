import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { IngestionModule } from '../ingestion';
import { MeteringModule } from '../metering';
import { ExplanationsService } from './explanations.service';
import { StoredInvoiceLookup } from './invoice-lookup';
import { InvoicesController } from './invoices.controller';
import { InvoicesService } from './invoices.service';
import { PeriodCloser } from './period-closer';

@Module({
  imports: [CatalogModule, CustomersModule, IngestionModule, MeteringModule],
  controllers: [InvoicesController],
  providers: [ExplanationsService, InvoicesService, PeriodCloser, StoredInvoiceLookup],
  exports: [ExplanationsService, InvoicesService, PeriodCloser],
})
export class InvoicingModule {}
