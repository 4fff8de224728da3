import { Module } from '@nestjs/common';
import { ExchangeRatesController } from './exchange-rates.controller';
import { ExchangeRatesService } from './exchange-rates.service';
import { PriceBookController } from './price-book.controller';
import { PriceBooksService } from './price-books.service';
import { ReportingCurrencyController } from './reporting-currency.controller';
import { ReportingCurrencyService } from './reporting-currency.service';

@Module({
  controllers: [ExchangeRatesController, PriceBookController, ReportingCurrencyController],
  providers: [ExchangeRatesService, PriceBooksService, ReportingCurrencyService],
  exports: [PriceBooksService],
})
export class CostingModule {}
