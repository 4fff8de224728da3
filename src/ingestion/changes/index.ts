export { ChangesModule } from './changes.module';
export { type InvoiceLookup, type TouchedInvoice, TouchedInvoices, type TouchedMoment } from './touched-invoices';
export { PendingCostsService } from './pending-costs.service';
export { RecostingsService } from './recostings.service';
