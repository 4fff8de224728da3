import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { MeteringModule } from '../metering';
import { ExplanationsService } from './explanations.service';
import { InvoicesController } from './invoices.controller';
import { InvoicesService } from './invoices.service';
import { PeriodCloser } from './period-closer';

@Module({
  imports: [CatalogModule, CustomersModule, MeteringModule],
  controllers: [InvoicesController],
  providers: [ExplanationsService, InvoicesService, PeriodCloser],
  exports: [PeriodCloser],
})
export class InvoicingModule {}
