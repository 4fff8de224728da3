import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lets a finalized invoice be paid, voided or given up, with payments, due dates, and numbers in a format of one's own;
 * and books the invoices that were finalized before there was a ledger.
 *
 * What a finalized invoice says still never changes: its guard lets only the state through, and only forward. Invoices
 * that are finalized already are due 30 days after; those of nothing (or less) are paid. Under traffic, invoices wait
 * while the rows are written: about a second for each hundred thousand of them.
 * Reverting forgets payments and states; such invoices are finalized again.
 */
export class AddInvoiceStates1795314020000 implements MigrationInterface {
  readonly name = 'AddInvoiceStates1795314020000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE organisation
        ADD COLUMN invoice_number_format text NOT NULL DEFAULT 'INV-{number:6}',
        -- Days after it is finalized in which an invoice is to be paid.
        ADD COLUMN net_days int NOT NULL DEFAULT 30 CHECK (net_days BETWEEN 0 AND 365);
      -- Of this customer; NULL: as of the organisation.
      ALTER TABLE customer ADD COLUMN net_days int CHECK (net_days BETWEEN 0 AND 365);
      ALTER TABLE invoice
        -- When it was finalized by the customer's clock, and the day by which it is to be paid, in their time zone.
        ADD COLUMN issued_at timestamptz,
        ADD COLUMN due_on date,
        -- What was paid of the total; what was paid beyond it is credit of the customer.
        ADD COLUMN amount_paid numeric NOT NULL DEFAULT 0 CHECK (amount_paid >= 0),
        -- When it was paid, voided or given up, by the customer's clock, and why.
        ADD COLUMN closed_at timestamptz,
        ADD COLUMN closed_reason text;

      ALTER TABLE invoice DROP CONSTRAINT invoice_status_check;
      ALTER TABLE invoice DISABLE TRIGGER invoice_guard;
      UPDATE invoice SET issued_at = finalized_at,
                         due_on = (finalized_at AT TIME ZONE customer.time_zone)::date + 30,
                         status = CASE WHEN total <= 0 THEN 'paid' ELSE status END,
                         closed_at = CASE WHEN total <= 0 THEN finalized_at END
        FROM customer
       WHERE status = 'finalized' AND (customer.organisation_id, customer.id) = (invoice.organisation_id, invoice.customer_id);
      ALTER TABLE invoice ENABLE TRIGGER invoice_guard;
    `);
    await db.query(GUARDS);
    await db.query(`
      ALTER TABLE invoice
        ADD CONSTRAINT invoice_status_check CHECK (status IN ('draft', 'finalized', 'paid', 'void', 'uncollectible')),
        ADD CHECK ((status = 'draft') = (issued_at IS NULL)),
        ADD CHECK ((status = 'draft') = (due_on IS NULL)),
        ADD CHECK ((status IN ('paid', 'void', 'uncollectible')) = (closed_at IS NOT NULL)),
        ADD CHECK (status NOT IN ('void', 'uncollectible') OR closed_reason IS NOT NULL),
        ADD CHECK (status <> 'draft' OR amount_paid = 0),
        ADD CHECK (amount_paid <= greatest(total, 0));

      -- What was received for an invoice. Only ever added to.
      CREATE TABLE payment (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        invoice_id uuid NOT NULL,
        -- What the payer or the bank calls it. A repeat of it is the same payment.
        reference text NOT NULL,
        amount numeric NOT NULL CHECK (amount > 0),
        -- What of it was more than was due, and became credit of the customer.
        credited numeric NOT NULL CHECK (credited BETWEEN 0 AND amount),
        paid_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, invoice_id, reference),
        FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id)
      );
      CREATE TRIGGER payment_immutable BEFORE UPDATE OR DELETE ON payment
        FOR EACH ROW EXECUTE FUNCTION weir_refuse_change();
      ALTER TABLE payment ENABLE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON payment
        USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
      GRANT SELECT, INSERT ON payment TO weir_app;
    `);
    await db.query(BOOK_WHAT_IS_FINALIZED);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE payment;
      ALTER TABLE invoice DROP CONSTRAINT invoice_status_check;
      ALTER TABLE invoice DISABLE TRIGGER invoice_guard;
      UPDATE invoice SET status = 'finalized', closed_at = NULL, closed_reason = NULL
       WHERE status IN ('paid', 'void', 'uncollectible');
      ALTER TABLE invoice ENABLE TRIGGER invoice_guard;
    `);
    await db.query(GUARDS_BEFORE);
    await db.query(`
      ALTER TABLE invoice
        DROP COLUMN issued_at,
        DROP COLUMN due_on,
        DROP COLUMN amount_paid,
        DROP COLUMN closed_at,
        DROP COLUMN closed_reason,
        ADD CONSTRAINT invoice_status_check CHECK (status IN ('draft', 'finalized'));
      ALTER TABLE customer DROP COLUMN net_days;
      ALTER TABLE organisation DROP COLUMN net_days, DROP COLUMN invoice_number_format;
    `);
  }
}

const GUARDS = `
  -- What a finalized invoice says never changes, whoever asks. Only its state does, and only forward.
  CREATE OR REPLACE FUNCTION weir_guard_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    state CONSTANT text[] := ARRAY['status', 'amount_paid', 'closed_at', 'closed_reason'];
  BEGIN
    IF OLD.status = 'draft' THEN
      IF TG_OP = 'UPDATE' AND NEW.status NOT IN ('draft', 'finalized', 'paid') THEN
        RAISE EXCEPTION 'a draft is finalized before it is %', NEW.status USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - state) <> (to_jsonb(OLD) - state) THEN
      RAISE EXCEPTION 'a finalized invoice never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.amount_paid < OLD.amount_paid OR NOT (
      NEW.status = OLD.status
      OR (OLD.status = 'finalized' AND NEW.status IN ('paid', 'void', 'uncollectible'))
      OR (OLD.status = 'uncollectible' AND NEW.status = 'paid')
    ) THEN
      RAISE EXCEPTION 'a finalized invoice never changes back' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
  END $$;

  -- Where a line is and where it is moved to: both must be drafts.
  CREATE OR REPLACE FUNCTION weir_guard_invoice_line() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF EXISTS (
      SELECT FROM invoice
       WHERE status <> 'draft'
         AND ((TG_OP <> 'INSERT' AND organisation_id = OLD.organisation_id AND id = OLD.invoice_id)
           OR (TG_OP <> 'DELETE' AND organisation_id = NEW.organisation_id AND id = NEW.invoice_id))
    ) THEN
      RAISE EXCEPTION 'a finalized invoice never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  END $$;
`;

const GUARDS_BEFORE = `
  CREATE OR REPLACE FUNCTION weir_guard_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF OLD.status = 'finalized' THEN
      RAISE EXCEPTION 'a finalized invoice never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  END $$;

  CREATE OR REPLACE FUNCTION weir_guard_invoice_line() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF EXISTS (
      SELECT FROM invoice
       WHERE status = 'finalized'
         AND ((TG_OP <> 'INSERT' AND organisation_id = OLD.organisation_id AND id = OLD.invoice_id)
           OR (TG_OP <> 'DELETE' AND organisation_id = NEW.organisation_id AND id = NEW.invoice_id))
    ) THEN
      RAISE EXCEPTION 'a finalized invoice never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  END $$;
`;

/** As finalizing books it: what is due is receivable, what is below zero is credit of the customer. */
const BOOK_WHAT_IS_FINALIZED = `
  WITH posting AS (
    INSERT INTO ledger_posting (organisation_id, id, source_kind, source_id, purpose, customer_id, currency, at,
      description, entries)
    SELECT organisation_id, gen_random_uuid(), 'invoice', id, 'finalized', customer_id, currency, issued_at,
           'Invoice ' || number, 2
      FROM invoice WHERE status <> 'draft' AND total <> 0
    RETURNING organisation_id, id, source_id
  )
  INSERT INTO ledger_entry (organisation_id, id, posting_id, position, account, amount)
  SELECT posting.organisation_id, gen_random_uuid(), posting.id, side.position, side.account, side.amount
    FROM posting
    JOIN invoice ON (invoice.organisation_id, invoice.id) = (posting.organisation_id, posting.source_id)
    CROSS JOIN LATERAL (VALUES
      (0, CASE WHEN total > 0 THEN 'accounts_receivable' ELSE 'customer_credit' END, total),
      (1, 'revenue', -total)) AS side (position, account, amount);
`;
