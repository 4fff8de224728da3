import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Adds items: charges and credits that no price makes, for the customer's next invoice or for one of their own.
 *
 * Safe under traffic: it creates a table, and adds a foreign key to a column that is empty for every line there is.
 * Reverting fails while an invoice has an item: its line would be about nothing.
 */
export class AddInvoiceItems1795314635000 implements MigrationInterface {
  readonly name = 'AddInvoiceItems1795314635000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE invoice_item (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        customer_id uuid NOT NULL,
        currency char(3) NOT NULL,
        description text NOT NULL,
        quantity numeric NOT NULL CHECK (quantity > 0),
        -- Below zero for a credit.
        unit_amount numeric NOT NULL,
        -- quantity × unit_amount, rounded once.
        amount numeric NOT NULL,
        tax_code text,
        tax_behaviour text CHECK (tax_behaviour IN ('exclusive', 'inclusive')),
        -- What it is for; of something without a length, its day.
        period_start timestamptz NOT NULL,
        period_end timestamptz NOT NULL CHECK (period_end > period_start),
        -- The sender's own name for it, once for a customer.
        reference text,
        -- NULL: it waits for the next invoice.
        invoice_id uuid,
        created_at timestamptz NOT NULL,
        cancelled_at timestamptz CHECK (cancelled_at IS NULL OR invoice_id IS NULL),
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, customer_id, reference),
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer,
        FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id)
      );
      CREATE INDEX invoice_item_waiting ON invoice_item (organisation_id, customer_id, currency)
        WHERE invoice_id IS NULL AND cancelled_at IS NULL;
      CREATE INDEX invoice_item_invoice ON invoice_item (organisation_id, invoice_id) WHERE invoice_id IS NOT NULL;

      ALTER TABLE invoice_line
        ADD CONSTRAINT invoice_line_item FOREIGN KEY (organisation_id, item_id) REFERENCES invoice_item (organisation_id, id);

      -- What an item says never changes. It is cancelled once, or gets onto an invoice; from one that is final it goes on
      -- only when that is void.
      CREATE FUNCTION weir_guard_invoice_item() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        state CONSTANT text[] := ARRAY['invoice_id', 'cancelled_at'];
      BEGIN
        IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - state) <> (to_jsonb(OLD) - state) OR OLD.cancelled_at IS NOT NULL THEN
          RAISE EXCEPTION 'an item of an invoice never changes' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.invoice_id IS DISTINCT FROM OLD.invoice_id AND EXISTS (
          SELECT FROM invoice
           WHERE organisation_id = OLD.organisation_id AND id = OLD.invoice_id AND status NOT IN ('draft', 'void')
        ) THEN
          RAISE EXCEPTION 'an item of a final invoice stays there' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER invoice_item_guard BEFORE UPDATE OR DELETE ON invoice_item
        FOR EACH ROW EXECUTE FUNCTION weir_guard_invoice_item();

      ALTER TABLE invoice_item ENABLE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON invoice_item
        USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
      GRANT SELECT, INSERT, UPDATE (invoice_id, cancelled_at) ON invoice_item TO weir_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DO $$
      BEGIN
        IF EXISTS (SELECT FROM invoice_line WHERE item_id IS NOT NULL) THEN
          RAISE EXCEPTION 'there are invoices with items';
        END IF;
      END $$;
      ALTER TABLE invoice_line DROP CONSTRAINT invoice_line_item;
      DROP TABLE invoice_item;
      DROP FUNCTION weir_guard_invoice_item();
    `);
  }
}
