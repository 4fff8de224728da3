import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Makes an invoice one customer's bill in one currency: it gathers parts (a period that closed, the first fees of a
 * subscription, an immediate change, a threshold that was passed), and its lines say which part they belong to. Lines
 * may be fees in advance and their credits, items, and what thresholds billed; they carry their taxes.
 *
 * Every invoice that is there gets one part, of the period it was about; nothing that it says changes, but its guard and
 * that of its lines are set aside while the new columns are filled. Under traffic, invoices wait meanwhile: about a
 * second for each hundred thousand lines. Reverting is refused once an invoice is more than a subscription's period.
 */
export class GatherInvoices1795314610000 implements MigrationInterface {
  readonly name = 'GatherInvoices1795314610000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(PARTS);
    await db.query(INVOICES);
    await db.query(LINES);
    // In a statement of its own: PostgreSQL doesn't alter a table whose rows have checks to come.
    await db.query(RULES);
    await db.query(GUARDS);
    await db.query(
      `ALTER TABLE organisation
         -- Whether a person has to approve an invoice before it is finalized.
         ADD COLUMN invoice_approval text NOT NULL DEFAULT 'none' CHECK (invoice_approval IN ('none', 'required'))`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(REFUSE_TO_GO_BACK);
    await db.query(`
      ALTER TABLE organisation DROP COLUMN invoice_approval;
      DROP INDEX invoice_gathers, invoice_draft, invoice_line_place, invoice_line_fee_once, invoice_line_fees,
        invoice_line_subscription;
      ALTER TABLE invoice_line
        DROP CONSTRAINT invoice_line_place_check,
        DROP CONSTRAINT invoice_line_tax_check,
        DROP COLUMN subscription_id,
        DROP COLUMN part_id,
        DROP COLUMN fee_id,
        DROP COLUMN item_id,
        DROP COLUMN net,
        DROP COLUMN tax,
        DROP COLUMN taxes,
        DROP COLUMN tax_code,
        DROP COLUMN tax_behaviour,
        DROP COLUMN daily,
        DROP CONSTRAINT invoice_line_check,
        DROP CONSTRAINT invoice_line_kind_check;
      ALTER TABLE invoice_line
        ALTER COLUMN plan_id SET NOT NULL,
        ADD CONSTRAINT invoice_line_kind_check
          CHECK (kind IN ('price', 'discount', 'minimum', 'maximum', 'true_up', 'adjustment')),
        ADD CONSTRAINT invoice_line_check CHECK (kind = 'adjustment' OR (kind = 'price') = (price_id IS NOT NULL)),
        ADD CONSTRAINT invoice_line_key UNIQUE (organisation_id, invoice_id, key, period_start),
        ADD UNIQUE (organisation_id, invoice_id, price_id, period_start);
      ALTER TABLE invoice DISABLE TRIGGER invoice_guard;
      ALTER TABLE invoice ADD COLUMN subscription_id uuid;
      UPDATE invoice SET subscription_id = part.subscription_id
        FROM invoice_part AS part
       WHERE (part.organisation_id, part.invoice_id) = (invoice.organisation_id, invoice.id);
      ALTER TABLE invoice ENABLE TRIGGER invoice_guard;
    `);
    await db.query(GUARD_BEFORE);
    await db.query(`
      ALTER TABLE invoice
        ALTER COLUMN subscription_id SET NOT NULL,
        DROP CONSTRAINT invoice_period_check,
        DROP CONSTRAINT invoice_total_check,
        DROP CONSTRAINT invoice_settled_check,
        DROP CONSTRAINT invoice_reissue_check,
        DROP COLUMN gathers_on,
        DROP COLUMN closes_at,
        DROP COLUMN subtotal,
        DROP COLUMN tax_total,
        DROP COLUMN taxes,
        DROP COLUMN credit_applied,
        DROP COLUMN credited,
        DROP COLUMN reissued_as,
        DROP COLUMN reissue_of,
        DROP COLUMN approved_total,
        DROP COLUMN approved_at,
        DROP COLUMN approved_by,
        DROP COLUMN memo,
        ADD CONSTRAINT invoice_check CHECK (period_end > period_start),
        ADD CONSTRAINT invoice_check9 CHECK (amount_paid <= greatest(total, 0)),
        ADD UNIQUE (organisation_id, subscription_id, period_start),
        ADD FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscription (organisation_id, id);
      DROP TABLE invoice_part;
      DROP FUNCTION weir_guard_invoice_part();
    `);
  }
}

const PARTS = `
  CREATE TABLE invoice_part (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    -- period: a billing period closed; start: first fees of a subscription or of a cycle; change: billed at once as
    -- something changed; threshold: what was used passed an amount.
    kind text NOT NULL CHECK (kind IN ('period', 'start', 'change', 'threshold')),
    period_index int NOT NULL CHECK (period_index >= 0),
    -- Which change, or which threshold, of the period.
    ordinal int NOT NULL DEFAULT 0 CHECK (ordinal >= 0),
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL CHECK (period_end >= period_start),
    -- When it is due, whenever it is made: the grace of a draft counts from here.
    closes_at timestamptz NOT NULL,
    exact_total numeric NOT NULL,
    -- Of all of the customer's events in a period; of other kinds nothing, since the period says it.
    cost numeric NOT NULL,
    pending_events bigint NOT NULL CHECK (pending_events >= 0),
    -- False from the moment on that its invoice is void.
    live boolean NOT NULL DEFAULT true,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id),
    FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscription (organisation_id, id)
  );
  INSERT INTO invoice_part (organisation_id, id, invoice_id, subscription_id, kind, period_index, period_start,
    period_end, closes_at, exact_total, cost, pending_events, live)
  SELECT organisation_id, gen_random_uuid(), id, subscription_id, 'period',
         row_number() OVER (PARTITION BY organisation_id, subscription_id ORDER BY period_start) - 1,
         period_start, period_end, period_end, exact_total, cost, pending_events, status <> 'void'
    FROM invoice;
  -- Nothing is billed twice, whatever runs twice.
  CREATE UNIQUE INDEX invoice_part_live ON invoice_part (organisation_id, subscription_id, kind, period_index, ordinal)
    WHERE live;
  CREATE INDEX invoice_part_invoice ON invoice_part (organisation_id, invoice_id);
  CREATE INDEX invoice_part_period ON invoice_part (organisation_id, subscription_id, period_start);
  ALTER TABLE invoice_part ENABLE ROW LEVEL SECURITY;
  CREATE POLICY tenant ON invoice_part
    USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
  GRANT SELECT, INSERT, UPDATE ON invoice_part TO weir_app;
`;

const INVOICES = `
  ALTER TABLE invoice
    -- The customer's local day whose parts it gathers while it is a draft; NULL: no others join it.
    ADD COLUMN gathers_on date,
    -- When the last of its parts is due; NULL: it is never finalized by itself.
    ADD COLUMN closes_at timestamptz,
    ADD COLUMN subtotal numeric,
    ADD COLUMN tax_total numeric NOT NULL DEFAULT 0,
    -- One row for each rate.
    ADD COLUMN taxes jsonb NOT NULL DEFAULT '[]',
    -- Credit of the customer that was used up when it was finalized.
    ADD COLUMN credit_applied numeric NOT NULL DEFAULT 0 CHECK (credit_applied >= 0),
    -- What credit notes have lowered what is due by.
    ADD COLUMN credited numeric NOT NULL DEFAULT 0 CHECK (credited >= 0),
    ADD COLUMN reissued_as uuid,
    ADD COLUMN reissue_of uuid,
    ADD COLUMN approved_total numeric,
    ADD COLUMN approved_at timestamptz,
    ADD COLUMN approved_by text,
    ADD COLUMN memo text;
  ALTER TABLE invoice DISABLE TRIGGER invoice_guard;
  UPDATE invoice SET subtotal = total, closes_at = period_end;
  ALTER TABLE invoice ENABLE TRIGGER invoice_guard;
`;

const LINES = `
  ALTER TABLE invoice_line
    ADD COLUMN subscription_id uuid,
    ADD COLUMN part_id uuid,
    -- Which fee in advance it charges or credits; such a line is written once.
    ADD COLUMN fee_id text,
    ADD COLUMN item_id uuid,
    -- The amount without taxes, and the taxes on it.
    ADD COLUMN net numeric,
    ADD COLUMN tax numeric NOT NULL DEFAULT 0,
    ADD COLUMN taxes jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN tax_code text,
    ADD COLUMN tax_behaviour text CHECK (tax_behaviour IN ('exclusive', 'inclusive')),
    -- What was used on each day, as it was when the invoice was finalized.
    ADD COLUMN daily jsonb,
    ALTER COLUMN plan_id DROP NOT NULL;
  ALTER TABLE invoice_line DISABLE TRIGGER invoice_line_guard;
  UPDATE invoice_line SET subscription_id = part.subscription_id, part_id = part.id, net = amount
    FROM invoice_part AS part
   WHERE (part.organisation_id, part.invoice_id) = (invoice_line.organisation_id, invoice_line.invoice_id);
  ALTER TABLE invoice_line ENABLE TRIGGER invoice_line_guard;
`;

const RULES = `
  ALTER TABLE invoice
    -- Takes the rule of one invoice for a subscription and period with it, which parts keep now.
    DROP COLUMN subscription_id,
    ALTER COLUMN subtotal SET NOT NULL,
    DROP CONSTRAINT invoice_check,
    ADD CONSTRAINT invoice_period_check CHECK (period_end >= period_start),
    ADD CONSTRAINT invoice_total_check CHECK (total = subtotal + tax_total),
    DROP CONSTRAINT invoice_check9,
    ADD CONSTRAINT invoice_settled_check CHECK (amount_paid + credit_applied + credited <= greatest(total, 0)),
    ADD CONSTRAINT invoice_reissue_check CHECK (reissued_as IS NULL OR status = 'void'),
    ADD FOREIGN KEY (organisation_id, reissued_as) REFERENCES invoice (organisation_id, id),
    ADD FOREIGN KEY (organisation_id, reissue_of) REFERENCES invoice (organisation_id, id);
  CREATE UNIQUE INDEX invoice_gathers ON invoice (organisation_id, customer_id, currency, gathers_on)
    WHERE status = 'draft' AND gathers_on IS NOT NULL;
  CREATE INDEX invoice_draft ON invoice (organisation_id, closes_at) WHERE status = 'draft';

  ALTER TABLE invoice_line
    ALTER COLUMN net SET NOT NULL,
    DROP CONSTRAINT invoice_line_kind_check,
    ADD CONSTRAINT invoice_line_kind_check CHECK (kind IN ('price', 'discount', 'minimum', 'maximum', 'true_up',
      'adjustment', 'credit', 'threshold', 'threshold_credit', 'item')),
    DROP CONSTRAINT invoice_line_check,
    ADD CONSTRAINT invoice_line_check CHECK (
      kind IN ('adjustment', 'credit', 'threshold', 'threshold_credit', 'item')
      OR (kind = 'price') = (price_id IS NOT NULL)),
    -- A line belongs to a part of a subscription and was charged by a plan, unless it is an item.
    ADD CONSTRAINT invoice_line_place_check CHECK (
      (kind = 'item') = (part_id IS NULL) AND (kind = 'item') = (subscription_id IS NULL)
      AND (kind = 'item') = (item_id IS NOT NULL) AND (kind = 'item' OR plan_id IS NOT NULL)),
    ADD CONSTRAINT invoice_line_tax_check CHECK (taxes <> '[]' OR (net = amount AND tax = 0)),
    ADD FOREIGN KEY (organisation_id, part_id) REFERENCES invoice_part (organisation_id, id),
    ADD FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscription (organisation_id, id),
    DROP CONSTRAINT invoice_line_key,
    DROP CONSTRAINT invoice_line_organisation_id_invoice_id_price_id_period_sta_key;
  -- Never two lines for one place.
  CREATE UNIQUE INDEX invoice_line_place ON invoice_line
    (organisation_id, invoice_id, COALESCE(part_id, item_id), kind, key, period_start, COALESCE(fee_id, ''));
  CREATE UNIQUE INDEX invoice_line_fee_once ON invoice_line (organisation_id, part_id, fee_id) WHERE fee_id IS NOT NULL;
  CREATE INDEX invoice_line_fees ON invoice_line (organisation_id, subscription_id) WHERE fee_id IS NOT NULL;
  CREATE INDEX invoice_line_subscription ON invoice_line (organisation_id, subscription_id, period_start);
`;

const GUARDS = `
  -- What a finalized invoice says never changes, whoever asks. Only its state does, and only forward.
  CREATE OR REPLACE FUNCTION weir_guard_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    state CONSTANT text[] := ARRAY['status', 'amount_paid', 'credited', 'closed_at', 'closed_reason', 'reissued_as'];
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
    IF NEW.amount_paid < OLD.amount_paid OR NEW.credited < OLD.credited
      OR (OLD.reissued_as IS NOT NULL AND NEW.reissued_as IS DISTINCT FROM OLD.reissued_as)
      OR NOT (
        NEW.status = OLD.status
        OR (OLD.status = 'finalized' AND NEW.status IN ('paid', 'void', 'uncollectible'))
        OR (OLD.status = 'uncollectible' AND NEW.status = 'paid')
      )
    THEN
      RAISE EXCEPTION 'a finalized invoice never changes back' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
  END $$;

  -- Parts are only ever added, to drafts. Of a finalized invoice they end with it, and never come back.
  CREATE FUNCTION weir_guard_invoice_part() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'DELETE' THEN
      RAISE EXCEPTION 'a part of an invoice is never removed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (
      SELECT FROM invoice
       WHERE status <> 'draft'
         AND ((TG_OP <> 'INSERT' AND organisation_id = OLD.organisation_id AND id = OLD.invoice_id)
           OR (organisation_id = NEW.organisation_id AND id = NEW.invoice_id))
    ) THEN
      IF TG_OP = 'INSERT' OR (to_jsonb(NEW) - 'live') <> (to_jsonb(OLD) - 'live') OR (NEW.live AND NOT OLD.live) THEN
        RAISE EXCEPTION 'a finalized invoice never changes' USING ERRCODE = 'integrity_constraint_violation';
      END IF;
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER invoice_part_guard BEFORE INSERT OR UPDATE OR DELETE ON invoice_part
    FOR EACH ROW EXECUTE FUNCTION weir_guard_invoice_part();
`;

const GUARD_BEFORE = `
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
`;

const REFUSE_TO_GO_BACK = `
  DO $$
  BEGIN
    IF EXISTS (SELECT FROM invoice WHERE credit_applied <> 0 OR credited <> 0 OR tax_total <> 0 OR taxes <> '[]'
        OR reissue_of IS NOT NULL)
      OR EXISTS (
        SELECT FROM invoice LEFT JOIN invoice_part AS part
               ON (part.organisation_id, part.invoice_id) = (invoice.organisation_id, invoice.id)
         GROUP BY invoice.organisation_id, invoice.id
        HAVING count(*) <> 1 OR count(*) FILTER (WHERE part.kind = 'period') <> 1)
      OR EXISTS (SELECT FROM invoice_line WHERE fee_id IS NOT NULL
        OR kind IN ('credit', 'threshold', 'threshold_credit', 'item'))
    THEN
      RAISE EXCEPTION 'there are invoices that are more than the period of one subscription';
    END IF;
  END $$;
`;
