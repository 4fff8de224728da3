import { Module } from '@nestjs/common';
import { CatalogueRefreshController } from './catalogue-refresh.controller';
import { CatalogueRefreshService } from './catalogue-refresh.service';
import { ExchangeRatesController } from './exchange-rates.controller';
import { ExchangeRatesService } from './exchange-rates.service';
import { PriceBookController } from './price-book.controller';
import { PriceBooksService } from './price-books.service';
import { ReportingCurrencyController } from './reporting-currency.controller';
import { ReportingCurrencyService } from './reporting-currency.service';

@Module({
  controllers: [CatalogueRefreshController, ExchangeRatesController, PriceBookController, ReportingCurrencyController],
  providers: [CatalogueRefreshService, ExchangeRatesService, PriceBooksService, ReportingCurrencyService],
  exports: [PriceBooksService],
})
export class CostingModule {}
