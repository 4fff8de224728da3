import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Adds tax rates, how customers stand towards taxes, and the region of an address, by which rates are found.
 *
 * Safe under traffic: it creates two tables and adds two columns that are empty for what is there. Reverting forgets
 * rates, statuses and regions; what invoices say of their taxes stays with them.
 */
export class AddTaxes1795314630000 implements MigrationInterface {
  readonly name = 'AddTaxes1795314630000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE organisation_billing_details
        -- The part of the country as ISO 3166-2 has it behind the hyphen.
        ADD COLUMN region text CHECK (region ~ '^[A-Z0-9]{1,3}$');
      ALTER TABLE customer_billing_details
        ADD COLUMN region text CHECK (region ~ '^[A-Z0-9]{1,3}$');

      -- A row is a version of a rate and never changes: another percentage is another row of the same key.
      CREATE TABLE tax_rate (
        organisation_id uuid NOT NULL REFERENCES organisation,
        id uuid NOT NULL,
        key text NOT NULL,
        name text NOT NULL,
        -- Of one tax a line bears one rate.
        tax text NOT NULL,
        percent numeric NOT NULL CHECK (percent BETWEEN 0 AND 100),
        behaviour text NOT NULL CHECK (behaviour IN ('exclusive', 'inclusive')),
        -- UNTDID 5305, as EN 16931 uses it.
        category text NOT NULL CHECK (category IN ('S', 'Z', 'E', 'AE', 'K', 'G', 'O')),
        reason text,
        -- NULL: everywhere, in the whole country, in the whole region.
        country char(2) CHECK (country ~ '^[A-Z]{2}$'),
        region text CHECK (region ~ '^[A-Z0-9]{1,3}$'),
        city text,
        -- NULL: for all that no other rate of the tax is for.
        tax_code text,
        -- Days; NULL: always before, always after.
        valid_from date,
        valid_to date,
        created_at timestamptz NOT NULL,
        archived_at timestamptz,
        PRIMARY KEY (organisation_id, id),
        CHECK ((percent > 0) = (category = 'S')),
        CHECK (country IS NOT NULL OR (region IS NULL AND city IS NULL)),
        CHECK (valid_to > valid_from)
      );
      CREATE UNIQUE INDEX tax_rate_version ON tax_rate (organisation_id, key, valid_from) NULLS NOT DISTINCT
        WHERE archived_at IS NULL;

      CREATE TABLE customer_tax (
        organisation_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        status text NOT NULL CHECK (status IN ('taxed', 'exempt', 'reverse_charge')),
        reason text,
        -- NULL: the rates of where the customer is.
        rate_keys text[],
        changed_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, customer_id),
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer
      );
    `);
    for (const [table, rights] of [
      ['tax_rate', 'SELECT, INSERT, UPDATE (archived_at)'],
      ['customer_tax', 'SELECT, INSERT, UPDATE'],
    ]) {
      await db.query(`
        ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON ${table}
          USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
        GRANT ${rights} ON ${table} TO weir_app;
      `);
    }
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE customer_tax, tax_rate;
      ALTER TABLE customer_billing_details DROP COLUMN region;
      ALTER TABLE organisation_billing_details DROP COLUMN region;
    `);
  }
}
