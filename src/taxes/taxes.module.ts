import { Module } from '@nestjs/common';
import { CustomersModule } from '../customers';
import { TableTaxProvider, TaxProvider } from './tax-provider';

@Module({
  imports: [CustomersModule],
  providers: [{ provide: TaxProvider, useClass: TableTaxProvider }],
  exports: [TaxProvider],
})
export class TaxesModule {}
