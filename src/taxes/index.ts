export * from './domain';
export { TableTaxProvider, TaxProvider } from './tax-provider';
export { TaxesModule } from './taxes.module';
