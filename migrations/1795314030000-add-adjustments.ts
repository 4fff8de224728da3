import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lets an invoice line adjust a period that was billed before, and keeps up to which batch of events each period was
 * billed by which invoice. Invoices of before have no such row: their own cut says it.
 *
 * Safe under traffic: it creates, widens two checks, and builds two indexes over corrections, which are few beside the
 * events. Reverting is refused once there are adjustments.
 */
export class AddAdjustments1795314030000 implements MigrationInterface {
  readonly name = 'AddAdjustments1795314030000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE invoice_line
        DROP CONSTRAINT invoice_line_kind_check,
        ADD CONSTRAINT invoice_line_kind_check
          CHECK (kind IN ('price', 'discount', 'minimum', 'maximum', 'true_up', 'adjustment')),
        DROP CONSTRAINT invoice_line_check,
        ADD CONSTRAINT invoice_line_check CHECK (kind = 'adjustment' OR (kind = 'price') = (price_id IS NOT NULL));

      CREATE TABLE period_billed (
        organisation_id uuid NOT NULL,
        subscription_id uuid NOT NULL,
        period_start timestamptz NOT NULL,
        -- What happened to the period's events up to this batch is billed, by this invoice: its own or a later one.
        through_batch bigint NOT NULL,
        invoice_id uuid NOT NULL,
        -- The customer's events that counted in the period then. Another number now says that some came late.
        events bigint NOT NULL CHECK (events >= 0),
        PRIMARY KEY (organisation_id, subscription_id, period_start, through_batch),
        FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscription (organisation_id, id),
        FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id)
      );
      ALTER TABLE period_billed ENABLE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON period_billed
        USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
      GRANT SELECT, INSERT ON period_billed TO weir_app;
      CREATE TRIGGER period_billed_immutable BEFORE UPDATE OR DELETE ON period_billed
        FOR EACH ROW EXECUTE FUNCTION weir_refuse_change();

      -- What was corrected since a batch.
      CREATE INDEX event_void_batch ON event_void (organisation_id, batch);
      CREATE INDEX event_cost_batch ON event_cost (organisation_id, batch);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP INDEX event_void_batch, event_cost_batch;
      DROP TABLE period_billed;
      ALTER TABLE invoice_line
        DROP CONSTRAINT invoice_line_check,
        ADD CONSTRAINT invoice_line_check CHECK ((kind = 'price') = (price_id IS NOT NULL)),
        DROP CONSTRAINT invoice_line_kind_check,
        ADD CONSTRAINT invoice_line_kind_check
          CHECK (kind IN ('price', 'discount', 'minimum', 'maximum', 'true_up'));
    `);
  }
}
