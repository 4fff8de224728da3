import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Keeps what each run of billing did: how many subscriptions and drafts were due, and what became of them.
 *
 * Safe under traffic: it only creates. Reverting forgets the runs; what they made stays.
 */
export class AddBillingRuns1795314650000 implements MigrationInterface {
  readonly name = 'AddBillingRuns1795314650000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- One look at everything that is due: periods to close, drafts to finalize.
      CREATE TABLE billing_run (
        organisation_id uuid NOT NULL REFERENCES organisation,
        id uuid NOT NULL,
        started_at timestamptz NOT NULL,
        -- Null while it runs, and for ever where its process was killed: the next run does what it left.
        finished_at timestamptz,
        trigger text NOT NULL CHECK (trigger IN ('job', 'clock', 'request')),
        -- Pieces of work: a period to close, a draft to finalize.
        due int NOT NULL DEFAULT 0 CHECK (due >= 0),
        done int NOT NULL DEFAULT 0 CHECK (done >= 0),
        parked int NOT NULL DEFAULT 0 CHECK (parked >= 0),
        -- Finalized, with what they ask for by currency.
        invoices int NOT NULL DEFAULT 0 CHECK (invoices >= 0),
        totals jsonb NOT NULL DEFAULT '{}',
        -- When the figures above were written last.
        progress_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, id)
      );
      ALTER TABLE billing_run ENABLE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON billing_run
        USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
      GRANT SELECT, INSERT, UPDATE ON billing_run TO weir_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE billing_run');
  }
}
