import type { MigrationInterface, QueryRunner } from 'typeorm';

/** New tables of one organisation's rows, with what the application role may do to them. */
const TENANT_TABLES: Readonly<Record<string, string>> = {
  ledger_posting: 'SELECT, INSERT',
  ledger_entry: 'SELECT, INSERT',
};

/**
 * Adds the ledger: postings whose entries sum to zero, which are only ever added to.
 *
 * Safe under traffic: it only creates. Reverting forgets what was booked; invoices stay.
 */
export class AddLedger1795314000000 implements MigrationInterface {
  readonly name = 'AddLedger1795314000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- Something that happened, such as an invoice that was finalized. Corrections are postings of their own.
      CREATE TABLE ledger_posting (
        organisation_id uuid NOT NULL REFERENCES organisation,
        id uuid NOT NULL,
        -- What happened to which thing: booked once, whatever runs twice.
        source_kind text NOT NULL,
        source_id uuid NOT NULL,
        purpose text NOT NULL,
        customer_id uuid NOT NULL,
        currency char(3) NOT NULL,
        -- When it counts, by the customer's clock.
        at timestamptz NOT NULL,
        description text NOT NULL,
        -- The posting that this one takes back. Nothing is taken back twice.
        reverses_id uuid,
        -- How many entries it has: later none can be added.
        entries smallint NOT NULL CHECK (entries >= 2),
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, source_kind, source_id, purpose),
        UNIQUE (organisation_id, reverses_id),
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer (organisation_id, id),
        FOREIGN KEY (organisation_id, reverses_id) REFERENCES ledger_posting (organisation_id, id)
      );
      CREATE INDEX ledger_posting_at ON ledger_posting (organisation_id, at, id);
      CREATE INDEX ledger_posting_customer ON ledger_posting (organisation_id, customer_id, at, id);

      CREATE TABLE ledger_entry (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        posting_id uuid NOT NULL,
        position smallint NOT NULL,
        account text NOT NULL CHECK (account IN ('accounts_receivable', 'payments', 'revenue', 'deferred_revenue', 'tax',
          'customer_credit', 'write_offs')),
        -- A debit above zero, a credit below.
        amount numeric NOT NULL CHECK (amount <> 0),
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, posting_id, position),
        FOREIGN KEY (organisation_id, posting_id) REFERENCES ledger_posting (organisation_id, id)
      );

      -- Looks when the transaction commits, since a posting's entries are there one after the other.
      CREATE FUNCTION weir_balance_posting() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        posting uuid := CASE TG_TABLE_NAME WHEN 'ledger_posting' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(NEW) ->> 'posting_id' END;
        wanted int;
        found int;
        total numeric;
      BEGIN
        SELECT entries INTO wanted FROM ledger_posting WHERE organisation_id = NEW.organisation_id AND id = posting;
        SELECT count(*), sum(amount) INTO found, total
          FROM ledger_entry WHERE organisation_id = NEW.organisation_id AND posting_id = posting;
        IF total <> 0 THEN
          RAISE EXCEPTION 'the entries of a posting sum to zero, not %', total USING ERRCODE = 'check_violation';
        END IF;
        IF found <> wanted THEN
          RAISE EXCEPTION 'a posting of % entries has %', wanted, found USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
      END $$;
    `);
    for (const [table, rights] of Object.entries(TENANT_TABLES)) {
      await db.query(`
        CREATE CONSTRAINT TRIGGER ${table}_balanced AFTER INSERT ON ${table} DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION weir_balance_posting();
        CREATE TRIGGER ${table}_immutable BEFORE UPDATE OR DELETE ON ${table}
          FOR EACH ROW EXECUTE FUNCTION weir_refuse_change();
        ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON ${table}
          USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
        GRANT ${rights} ON ${table} TO weir_app;
      `);
    }
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE ledger_entry, ledger_posting;
      DROP FUNCTION weir_balance_posting();
    `);
  }
}
