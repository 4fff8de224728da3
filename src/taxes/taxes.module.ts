import { Module } from '@nestjs/common';
import { CustomersModule } from '../customers';
import { CustomerTaxesService } from './customer-taxes.service';
import { TaxPreviewService } from './tax-preview.service';
import { TableTaxProvider, TaxProvider } from './tax-provider';
import { TaxRatesService } from './tax-rates.service';
import { TaxesController } from './taxes.controller';

@Module({
  imports: [CustomersModule],
  controllers: [TaxesController],
  providers: [
    CustomerTaxesService,
    TaxPreviewService,
    TaxRatesService,
    { provide: TaxProvider, useClass: TableTaxProvider },
  ],
  exports: [TaxProvider],
})
export class TaxesModule {}
