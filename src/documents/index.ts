export * from './domain';
export { DocumentsModule } from './documents.module';
export { renderInvoice } from './pdf/render-invoice';
