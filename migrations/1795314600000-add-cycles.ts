import type { MigrationInterface, QueryRunner } from 'typeorm';

/** New tables of one organisation's rows, with what the application role may do to them. */
const TENANT_TABLES: Readonly<Record<string, string>> = {
  subscription_cycle: 'SELECT, INSERT, UPDATE, DELETE',
  subscription_pause: 'SELECT, INSERT, UPDATE, DELETE',
  subscription_change: 'SELECT, INSERT, UPDATE',
};

/**
 * Lets a subscription's billing periods begin anew with another length, stand still for a while, and end; and keeps what
 * was asked for, so that it can be taken back.
 *
 * Safe under traffic: it creates tables and adds columns that are empty for what is there, but for `due_at`, which is
 * when the open period ends. Reverting fails while a subscription has ended or is to end, has a pause, a second cycle or
 * a plan that was changed for it alone: their bills would become others.
 */
export class AddCycles1795314600000 implements MigrationInterface {
  readonly name = 'AddCycles1795314600000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE subscription
        -- Whether its charges share an invoice with those of the customer's other subscriptions.
        ADD COLUMN invoicing text NOT NULL DEFAULT 'together' CHECK (invoicing IN ('together', 'apart')),
        -- {"amount": "100"}: what is billed before the period is over; NULL: nothing.
        ADD COLUMN thresholds jsonb,
        ADD COLUMN thresholds_looked_at timestamptz,
        -- When it ends, when that was asked for, and what becomes of the period it ends in. NULL: it goes on.
        ADD COLUMN end_at timestamptz,
        ADD COLUMN cancelled_at timestamptz,
        ADD COLUMN cancel_settle text CHECK (cancel_settle IN ('invoice', 'invoice_and_credit', 'nothing')),
        ADD COLUMN cancel_reason text,
        -- Fees in advance of its first period, or of the one it was taken up again with, are to be billed.
        ADD COLUMN start_due boolean NOT NULL DEFAULT false,
        -- When something of it is to be billed next; NULL when it has ended and all is billed.
        ADD COLUMN due_at timestamptz,
        ADD CONSTRAINT subscription_ending_check
          CHECK ((end_at IS NULL) = (cancelled_at IS NULL) AND (end_at IS NULL) = (cancel_settle IS NULL));
      UPDATE subscription SET due_at = open_period_end;
      CREATE INDEX subscription_due_at ON subscription (organisation_id, due_at) WHERE due_at IS NOT NULL;
      DROP INDEX subscription_due;
      CREATE INDEX subscription_parked ON subscription (organisation_id, id) WHERE parked_reason IS NOT NULL;
      CREATE INDEX subscription_thresholds ON subscription (organisation_id, id) WHERE thresholds IS NOT NULL;

      -- What was asked for, by whom, and what stood in its place before.
      CREATE TABLE subscription_change (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        subscription_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('plan', 'quantities', 'prices', 'schedule', 'pause', 'resume', 'cancel',
          'undo_cancel', 'reactivate')),
        request jsonb NOT NULL,
        before jsonb NOT NULL,
        at timestamptz NOT NULL,
        invoice text NOT NULL CHECK (invoice IN ('next', 'now')),
        reason text,
        made_by text NOT NULL,
        created_at timestamptz NOT NULL,
        taken_back_at timestamptz,
        PRIMARY KEY (organisation_id, id),
        FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscription (organisation_id, id)
      );
      CREATE INDEX subscription_change_subscription ON subscription_change (organisation_id, subscription_id, id);

      -- From when on billing periods are counted anew. The first stretch is the subscription's own columns.
      CREATE TABLE subscription_cycle (
        organisation_id uuid NOT NULL,
        subscription_id uuid NOT NULL,
        from_at timestamptz NOT NULL,
        first_index int NOT NULL CHECK (first_index >= 0),
        interval text NOT NULL CHECK (interval IN ('day', 'week', 'month', 'quarter', 'half_year', 'year')),
        interval_count int NOT NULL CHECK (interval_count > 0),
        anchor text NOT NULL CHECK (anchor IN ('anniversary', 'calendar')),
        -- When the cycle before it ended: earlier than this one begins where the subscription was cancelled in between,
        -- and then how.
        previous_end_at timestamptz NOT NULL CHECK (previous_end_at <= from_at),
        previous_cancelled_at timestamptz,
        previous_settle text CHECK (previous_settle IN ('invoice', 'invoice_and_credit', 'nothing')),
        change_id uuid NOT NULL,
        PRIMARY KEY (organisation_id, subscription_id, from_at),
        UNIQUE (organisation_id, subscription_id, first_index),
        CHECK ((previous_cancelled_at IS NULL) = (previous_settle IS NULL)),
        FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscription (organisation_id, id),
        FOREIGN KEY (organisation_id, change_id) REFERENCES subscription_change (organisation_id, id)
      );

      -- Stretches of time in which nothing, or only the base fee, is charged. Of one subscription they never overlap:
      -- whoever writes them holds its row.
      CREATE TABLE subscription_pause (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        subscription_id uuid NOT NULL,
        from_at timestamptz NOT NULL,
        to_at timestamptz CHECK (to_at > from_at),
        bills text NOT NULL CHECK (bills IN ('nothing', 'base_fee')),
        reason text,
        change_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, subscription_id, from_at),
        FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscription (organisation_id, id),
        FOREIGN KEY (organisation_id, change_id) REFERENCES subscription_change (organisation_id, id)
      );

      -- A phase comes from a move of many, or from a change of one.
      ALTER TABLE subscription_phase
        ALTER COLUMN move_id DROP NOT NULL,
        ADD COLUMN change_id uuid,
        ADD CONSTRAINT subscription_phase_origin CHECK ((move_id IS NULL) <> (change_id IS NULL)),
        ADD FOREIGN KEY (organisation_id, change_id) REFERENCES subscription_change (organisation_id, id);
      ALTER TABLE subscription_override
        ADD COLUMN change_id uuid,
        ADD FOREIGN KEY (organisation_id, change_id) REFERENCES subscription_change (organisation_id, id);
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
    await db.query(`
      ALTER TABLE subscription ADD CONSTRAINT subscription_without_end CHECK (end_at IS NULL AND due_at IS NOT NULL);
      ALTER TABLE subscription_cycle ADD CONSTRAINT subscription_without_cycles CHECK (false);
      ALTER TABLE subscription_pause ADD CONSTRAINT subscription_without_pauses CHECK (false);
      ALTER TABLE subscription_phase ADD CONSTRAINT subscription_without_changes CHECK (move_id IS NOT NULL);

      ALTER TABLE subscription_override DROP COLUMN change_id;
      ALTER TABLE subscription_phase
        DROP CONSTRAINT subscription_without_changes,
        DROP CONSTRAINT subscription_phase_origin,
        DROP COLUMN change_id,
        ALTER COLUMN move_id SET NOT NULL;
      DROP TABLE subscription_pause, subscription_cycle, subscription_change;
      CREATE INDEX subscription_due ON subscription (organisation_id, open_period_end);
      ALTER TABLE subscription
        DROP CONSTRAINT subscription_without_end,
        DROP CONSTRAINT subscription_ending_check,
        DROP COLUMN invoicing,
        DROP COLUMN thresholds,
        DROP COLUMN thresholds_looked_at,
        DROP COLUMN end_at,
        DROP COLUMN cancelled_at,
        DROP COLUMN cancel_settle,
        DROP COLUMN cancel_reason,
        DROP COLUMN start_due,
        DROP COLUMN due_at;
    `);
  }
}
