/**
 * Stands in a customer's place in the totals (`usage`): sums over all customers of the organisation. They are written
 * where pending sums are folded, so that reading the whole organisation's usage doesn't touch every customer's rows.
 * Pending sums have none: who reads the organisation adds up all of them.
 */
export const EVERY_CUSTOMER_ID = '00000000-0000-0000-0000-000000000000';
