export { costEvent } from './cost-event';
export { CostingModule } from './costing.module';
export * from './domain';
export { ExchangeRatesService } from './exchange-rates.service';
export { findPrices, type StoredPriceRow } from './persistence/price-store';
export { PriceBooksService } from './price-books.service';
