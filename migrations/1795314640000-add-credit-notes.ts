import type { MigrationInterface, QueryRunner } from 'typeorm';

/** New tables of one organisation's rows, with what the application role may do to them. */
const TENANT_TABLES: Readonly<Record<string, string>> = {
  credit_note: 'SELECT, INSERT',
  credit_note_line: 'SELECT, INSERT',
  revenue_schedule: 'SELECT, INSERT, UPDATE',
};
const NEVER_CHANGED = ['credit_note', 'credit_note_line'];

/**
 * Adds credit notes, and what is still to be earned of what was invoiced, by month.
 *
 * Safe under traffic: it only creates. Invoices that are finalized already were booked as earned, and stay so.
 * Reverting is refused once there is a credit note or something to be earned: the books hang on them.
 */
export class AddCreditNotes1795314640000 implements MigrationInterface {
  readonly name = 'AddCreditNotes1795314640000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE organisation ADD COLUMN credit_notes_numbered bigint NOT NULL DEFAULT 0;

      -- A document that takes back a part of a finalized invoice, or all of it.
      CREATE TABLE credit_note (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        invoice_id uuid NOT NULL,
        -- Gapless within the organisation.
        number text NOT NULL,
        -- Where its amount goes: it lowers what is due of the invoice, becomes credit, or is paid back.
        given_as text NOT NULL CHECK (given_as IN ('invoice', 'balance', 'refund')),
        reason text NOT NULL,
        -- Chosen by whoever asks; a repeat of it is the same note.
        reference text,
        subtotal numeric NOT NULL,
        tax_total numeric NOT NULL,
        total numeric NOT NULL CHECK (total > 0),
        -- By the customer's clock.
        issued_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, number),
        UNIQUE (organisation_id, invoice_id, reference),
        FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id),
        CHECK (total = subtotal + tax_total)
      );

      -- What a credit note takes back of a line of its invoice.
      CREATE TABLE credit_note_line (
        organisation_id uuid NOT NULL,
        note_id uuid NOT NULL,
        line_id uuid NOT NULL,
        position int NOT NULL,
        -- As the line says it: without a tax that is added, with one that is included.
        amount numeric NOT NULL CHECK (amount <> 0),
        net numeric NOT NULL,
        tax numeric NOT NULL,
        taxes jsonb NOT NULL,
        PRIMARY KEY (organisation_id, note_id, line_id),
        UNIQUE (organisation_id, note_id, position),
        FOREIGN KEY (organisation_id, note_id) REFERENCES credit_note (organisation_id, id),
        FOREIGN KEY (organisation_id, line_id) REFERENCES invoice_line (organisation_id, id)
      );
      CREATE INDEX credit_note_line_of ON credit_note_line (organisation_id, line_id);

      -- What a line is still to earn in a month after the one in which it was invoiced.
      CREATE TABLE revenue_schedule (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        invoice_id uuid NOT NULL,
        line_id uuid NOT NULL,
        -- Its first day, in the customer's time zone.
        month date NOT NULL CHECK (extract(day FROM month) = 1),
        amount numeric NOT NULL CHECK (amount <> 0),
        -- The first instant of the month for the customer.
        recognise_at timestamptz NOT NULL,
        -- When it was booked as earned; the posting itself is of recognise_at.
        recognised_at timestamptz,
        -- What credit notes, or the void of the invoice, took of it before it was earned.
        taken_back numeric NOT NULL DEFAULT 0 CHECK (taken_back * amount >= 0 AND abs(taken_back) <= abs(amount)),
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, line_id, month),
        FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id),
        FOREIGN KEY (organisation_id, line_id) REFERENCES invoice_line (organisation_id, id)
      );
      CREATE INDEX revenue_schedule_due ON revenue_schedule (organisation_id, recognise_at)
        WHERE recognised_at IS NULL AND taken_back <> amount;
      CREATE INDEX revenue_schedule_invoice ON revenue_schedule (organisation_id, invoice_id);

      -- It is earned once, and what is earned isn't taken back here any more: the invoice's own postings do that.
      CREATE FUNCTION weir_guard_revenue_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        state CONSTANT text[] := ARRAY['recognised_at', 'taken_back'];
      BEGIN
        IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - state) <> (to_jsonb(OLD) - state)
           OR OLD.recognised_at IS NOT NULL OR abs(NEW.taken_back) < abs(OLD.taken_back) THEN
          RAISE EXCEPTION 'what is to be earned of an invoice never changes' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER revenue_schedule_guard BEFORE UPDATE OR DELETE ON revenue_schedule
        FOR EACH ROW EXECUTE FUNCTION weir_guard_revenue_schedule();
    `);
    for (const [table, rights] of Object.entries(TENANT_TABLES)) {
      await db.query(`
        ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON ${table}
          USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
        GRANT ${rights} ON ${table} TO weir_app;
      `);
    }
    for (const table of NEVER_CHANGED) {
      await db.query(`
        CREATE TRIGGER ${table}_immutable BEFORE UPDATE OR DELETE ON ${table}
          FOR EACH ROW EXECUTE FUNCTION weir_refuse_change();
      `);
    }
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DO $$ BEGIN
        IF EXISTS (SELECT FROM credit_note) OR EXISTS (SELECT FROM revenue_schedule) THEN
          RAISE EXCEPTION 'there are credit notes, or revenue is still to be earned: the books hang on them';
        END IF;
      END $$;
      DROP TABLE credit_note_line, credit_note, revenue_schedule;
      DROP FUNCTION weir_guard_revenue_schedule();
      ALTER TABLE organisation DROP COLUMN credit_notes_numbered;
    `);
  }
}
