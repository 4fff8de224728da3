import { Entity } from 'typeorm';
import { BillingDetailsColumns } from './billing-details.columns';

/** How an organisation stands on its invoices, from one change to the next. */
@Entity('organisation_billing_details')
export class OrganisationBillingDetailsEntity extends BillingDetailsColumns {}
