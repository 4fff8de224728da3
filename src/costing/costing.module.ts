import { Module } from '@nestjs/common';
import { AccessModule } from '../access';
import { CatalogueRefreshController } from './catalogue-refresh.controller';
import { CatalogueRefreshService } from './catalogue-refresh.service';
import { ContractsController } from './contracts.controller';
import { ExchangeRatesController } from './exchange-rates.controller';
import { ExchangeRatesService } from './exchange-rates.service';
import { OwnPricesService } from './own-prices.service';
import { PriceBookController } from './price-book.controller';
import { PriceBooksService } from './price-books.service';
import { ReportingCurrencyController } from './reporting-currency.controller';
import { ReportingCurrencyService } from './reporting-currency.service';
import { ResourcesController } from './resources.controller';
import { ResourcesService } from './resources.service';

@Module({
  imports: [AccessModule],
  controllers: [
    ContractsController,
    ResourcesController,
    CatalogueRefreshController,
    ExchangeRatesController,
    PriceBookController,
    ReportingCurrencyController,
  ],
  providers: [
    OwnPricesService,
    ResourcesService,
    CatalogueRefreshService,
    ExchangeRatesService,
    PriceBooksService,
    ReportingCurrencyService,
  ],
  exports: [ExchangeRatesService, PriceBooksService],
})
export class CostingModule {}
