import { Column, Entity } from 'typeorm';
import { BillingDetailsColumns } from '../../access';

/** How a customer stands on its invoices, from one change to the next. */
@Entity('customer_billing_details')
export class CustomerBillingDetailsEntity extends BillingDetailsColumns {
  @Column('uuid') customerId!: string;
}
