import type { Queryable } from '../../platform/database';
import type { CustomerTax, TaxedCustomer } from '../domain';

/** What is stored of a customer, with the tax id of their billing details. */
export interface StoredCustomerTax extends TaxedCustomer {
  readonly taxId: string | null;
  /** Null while nothing was said about them. */
  readonly changedAt: Date | null;
}

interface CustomerTaxRow {
  readonly id: string;
  readonly time_zone: string;
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly tax_id: string | null;
  readonly status: CustomerTax['status'];
  readonly reason: string | null;
  readonly rate_keys: string[] | null;
  readonly changed_at: Date | null;
}

/**
 * What taxes ask of customers, by id: their status, their zone, and where they are by the newest billing details. One
 * statement for all, since a batch of invoices asks for a hundred customers at once.
 */
export async function loadCustomers(
  db: Queryable,
  organisationId: string,
  ids: readonly string[],
): Promise<Map<string, StoredCustomerTax>> {
  const rows = await db.query<CustomerTaxRow>(
    `SELECT customer.id, customer.time_zone, billing.country, billing.region, billing.city, billing.tax_id,
            COALESCE(taxes.status, 'taxed') AS status, taxes.reason, taxes.rate_keys, taxes.changed_at
       FROM customer
       LEFT JOIN customer_tax AS taxes ON (taxes.organisation_id, taxes.customer_id) = (customer.organisation_id, customer.id)
       LEFT JOIN LATERAL (
         SELECT country, region, city, tax_id FROM customer_billing_details AS details
          WHERE (details.organisation_id, details.customer_id) = (customer.organisation_id, customer.id)
          ORDER BY details.id DESC LIMIT 1
       ) AS billing ON true
      WHERE customer.organisation_id = $1 AND customer.id = ANY($2::uuid[])`,
    [organisationId, [...new Set(ids)]],
  );
  return new Map(rows.map((row) => [row.id, toCustomerTax(row)]));
}

/** Keys of customers whose own rates a rate is one of, a few of them. */
export async function customersWithRate(db: Queryable, organisationId: string, key: string): Promise<string[]> {
  const rows = await db.query<{ key: string }>(
    `SELECT customer.key FROM customer_tax AS taxes
       JOIN customer ON (customer.organisation_id, customer.id) = (taxes.organisation_id, taxes.customer_id)
      WHERE taxes.organisation_id = $1 AND $2 = ANY (taxes.rate_keys) ORDER BY customer.key LIMIT 5`,
    [organisationId, key],
  );
  return rows.map((row) => row.key);
}

export async function saveCustomerTax(
  db: Queryable,
  organisationId: string,
  customerId: string,
  { status, reason, rates }: CustomerTax,
  now: Date,
): Promise<void> {
  await db.query(
    `INSERT INTO customer_tax (organisation_id, customer_id, status, reason, rate_keys, changed_at)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (organisation_id, customer_id)
     DO UPDATE SET status = $3, reason = $4, rate_keys = $5, changed_at = $6`,
    [organisationId, customerId, status, reason, rates, now],
  );
}

function toCustomerTax(row: CustomerTaxRow): StoredCustomerTax {
  const { country, region, city, status, reason } = row;
  return {
    status,
    reason,
    rates: row.rate_keys,
    timeZone: row.time_zone,
    place: { country, region, city },
    taxId: row.tax_id,
    changedAt: row.changed_at,
  };
}
