import type { MigrationInterface, QueryRunner } from 'typeorm';

/** New tables of one organisation's rows, with what the application role may do to them. */
const TENANT_TABLES: Readonly<Record<string, string>> = {
  spend_entry: 'SELECT, INSERT',
  spend_total: 'SELECT, INSERT, UPDATE',
  spend_state: 'SELECT, INSERT, UPDATE',
};

/**
 * Adds what open billing periods charge so far, told as it grows: entries that say what caused them, and their sums.
 *
 * Safe under traffic: it only creates. Reverting forgets spend; usage and invoices stay.
 */
export class AddSpend1795315220000 implements MigrationInterface {
  readonly name = 'AddSpend1795315220000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- A change of what a charge of an open billing period comes to. All of a charge add up to what is rated.
      CREATE TABLE spend_entry (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        customer_id uuid NOT NULL,
        subscription_id uuid NOT NULL,
        period_index int NOT NULL,
        -- The price's key.
        charge text NOT NULL,
        currency char(3) NOT NULL,
        amount numeric NOT NULL CHECK (amount <> 0),
        -- Fields of scope of the events that caused it; {} where no event did.
        scope jsonb NOT NULL,
        -- The minute these are of; NULL where no event caused it.
        minute timestamptz,
        hold_id uuid,
        -- The pending row it was counted with; NULL where none was.
        pending_id bigint,
        at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, id),
        FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscription (organisation_id, id)
      );
      CREATE INDEX spend_entry_customer ON spend_entry (organisation_id, customer_id, currency, minute);
      CREATE TRIGGER spend_entry_immutable BEFORE UPDATE OR DELETE ON spend_entry
        FOR EACH ROW EXECUTE FUNCTION weir_refuse_change();

      CREATE TABLE spend_total (
        organisation_id uuid NOT NULL,
        subscription_id uuid NOT NULL,
        period_index int NOT NULL,
        charge text NOT NULL,
        currency char(3) NOT NULL,
        customer_id uuid NOT NULL,
        amount numeric NOT NULL,
        PRIMARY KEY (organisation_id, subscription_id, period_index, charge, currency),
        FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscription (organisation_id, id)
      ) WITH (fillfactor = 70);

      -- How a customer's spend stands.
      CREATE TABLE spend_state (
        organisation_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        -- NULL while it is known; else why it could not be rated. Hard caps of spend refuse meanwhile.
        unknown_reason text,
        rated_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, customer_id),
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer (organisation_id, id)
      );
    `);
    for (const [table, rights] of Object.entries(TENANT_TABLES)) {
      await db.query(`
        ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON ${table}
          USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
        GRANT ${rights} ON ${table} TO weir_app;
      `);
    }
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE spend_state, spend_total, spend_entry');
  }
}
