import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an invoice says of a party beside its name. Only ever added to: the newest row is in force. */
const DETAILS = `
  legal_name text,
  address_lines text[] NOT NULL,
  city text,
  postal_code text,
  -- ISO 3166-1, two letters.
  country char(2) CHECK (country ~ '^[A-Z]{2}$'),
  tax_id text,
  email text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, id)`;

/**
 * Adds billing details of organisations and customers: the legal name, address, tax id and e-mail that stand on an
 * invoice. They are kept as they were, so that an invoice that was finalized keeps the address it was made out to.
 *
 * Safe under traffic: it only creates. Reverting forgets the details.
 */
export class AddBillingDetails1795314010000 implements MigrationInterface {
  readonly name = 'AddBillingDetails1795314010000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE organisation_billing_details (
        organisation_id uuid NOT NULL REFERENCES organisation,
        id uuid NOT NULL UNIQUE,
        ${DETAILS}
      );

      CREATE TABLE customer_billing_details (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL UNIQUE,
        customer_id uuid NOT NULL,
        ${DETAILS},
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer
      );
      CREATE INDEX customer_billing_details_customer ON customer_billing_details (organisation_id, customer_id, id);
    `);
    for (const table of ['organisation_billing_details', 'customer_billing_details']) {
      await db.query(`
        ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON ${table}
          USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
        GRANT SELECT, INSERT ON ${table} TO weir_app;
      `);
    }
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE customer_billing_details, organisation_billing_details');
  }
}
