export { costEvent } from './cost-event';
export { CostingModule } from './costing.module';
export * from './domain';
export { findPrices, type StoredPriceRow } from './persistence/price-store';
export { PriceBooksService } from './price-books.service';
