import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lets an invoice line be about the plan as a whole (a discount, a minimum, a true-up), says of every line by which plan
 * version it was charged, and keeps what each period leaves of a subscription's pools.
 *
 * Lines that are there are charges of prices: they get their price's key and plan. That includes lines of finalized
 * invoices, whose guard is set aside for it; nothing that was billed changes. Under traffic, finalizing waits while the
 * lines are written: about a second for each hundred thousand of them. Reverting is refused once there are lines of
 * plans, since there is no price to say they were of.
 */
export class WidenInvoiceLines1795313620000 implements MigrationInterface {
  readonly name = 'WidenInvoiceLines1795313620000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE invoice_line
        ADD COLUMN kind text NOT NULL DEFAULT 'price'
          CHECK (kind IN ('price', 'discount', 'minimum', 'maximum', 'true_up')),
        ADD COLUMN key text,
        ADD COLUMN plan_id uuid,
        ALTER COLUMN price_id DROP NOT NULL;

      ALTER TABLE invoice_line DISABLE TRIGGER invoice_line_guard;
      UPDATE invoice_line SET key = price.key, plan_id = price.plan_id
        FROM price
       WHERE price.organisation_id = invoice_line.organisation_id AND price.id = invoice_line.price_id;
      ALTER TABLE invoice_line ENABLE TRIGGER invoice_line_guard;
    `);
    // The second in a statement of its own: PostgreSQL doesn't alter a table whose rows have checks to come.
    await db.query(`
      ALTER TABLE invoice_line
        ALTER COLUMN kind DROP DEFAULT,
        ALTER COLUMN key SET NOT NULL,
        ALTER COLUMN plan_id SET NOT NULL,
        ADD FOREIGN KEY (organisation_id, plan_id) REFERENCES plan (organisation_id, id),
        ADD CHECK ((kind = 'price') = (price_id IS NOT NULL)),
        -- Never two lines of one kind for one service period on an invoice. Of prices this holds by their id as well.
        ADD CONSTRAINT invoice_line_key UNIQUE (organisation_id, invoice_id, key, period_start),
        -- Lines of a draft may come and go, and change places meanwhile.
        DROP CONSTRAINT invoice_line_organisation_id_invoice_id_position_key,
        ADD CONSTRAINT invoice_line_position UNIQUE (organisation_id, invoice_id, position)
          DEFERRABLE INITIALLY DEFERRED;

      -- What a billing period did with a pool of its subscription. The next period begins with what is left of it.
      CREATE TABLE pool_balance (
        organisation_id uuid NOT NULL,
        subscription_id uuid NOT NULL,
        -- The pool's key in the plan.
        pool text NOT NULL,
        -- The period's number in the subscription, from 0.
        period int NOT NULL CHECK (period >= 0),
        granted numeric NOT NULL,
        rolled_in numeric NOT NULL,
        used numeric NOT NULL,
        -- What is left, in the order it is used: [{amount, expiresAfterPeriod}], amounts as text.
        lots jsonb NOT NULL,
        PRIMARY KEY (organisation_id, subscription_id, pool, period),
        FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscription (organisation_id, id)
      );
      ALTER TABLE pool_balance ENABLE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON pool_balance
        USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
      GRANT SELECT, INSERT, UPDATE, DELETE ON pool_balance TO weir_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE pool_balance;
      ALTER TABLE invoice_line
        ALTER COLUMN price_id SET NOT NULL,
        DROP CONSTRAINT invoice_line_position,
        ADD UNIQUE (organisation_id, invoice_id, position),
        DROP COLUMN kind,
        DROP COLUMN key,
        DROP COLUMN plan_id;
    `);
  }
}
