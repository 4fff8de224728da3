export * from './domain';
export { type ExplainedEvent, ExplanationsService } from './explanations.service';
export { toExplainedEvent } from './invoice-responses';
export { InvoicesService, type InvoiceWithLines } from './invoices.service';
export { InvoicingModule } from './invoicing.module';
export { PeriodCloser } from './period-closer';
export { InvoiceEntity } from './persistence/invoice.entity';
export { InvoiceLineEntity } from './persistence/invoice-line.entity';
export { PoolBalanceEntity } from './persistence/pool-balance.entity';
