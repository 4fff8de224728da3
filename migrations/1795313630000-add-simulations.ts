import type { MigrationInterface, QueryRunner } from 'typeorm';

/** New tables of one organisation's rows, with what the application role may do to them. */
const TENANT_TABLES: Readonly<Record<string, string>> = {
  simulation: 'SELECT, INSERT, UPDATE',
  simulation_customer: 'SELECT, INSERT',
};

/**
 * Adds simulations: what plans would have asked of customers for usage that is stored, and the margin below which an
 * organisation wants to be asked before it publishes a plan.
 *
 * Safe under traffic: it creates, and adds a column without a default to a table of few rows.
 * Reverting forgets simulations and floors. Neither was ever billed.
 */
export class AddSimulations1795313630000 implements MigrationInterface {
  readonly name = 'AddSimulations1795313630000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- In per cent of revenue; NULL: plans are published whatever they earn.
      ALTER TABLE organisation ADD COLUMN margin_floor_percent numeric CHECK (margin_floor_percent < 100);

      CREATE TABLE simulation (
        organisation_id uuid NOT NULL REFERENCES organisation,
        id uuid NOT NULL UNIQUE,
        status text NOT NULL CHECK (status IN ('running', 'done', 'cancelled', 'failed')),
        name text,
        -- Plans as they were when it began, cost changes, what it compares with: nothing that is changed later matters.
        definition jsonb NOT NULL,
        from_time timestamptz NOT NULL,
        to_time timestamptz NOT NULL CHECK (to_time > from_time),
        time_zone text NOT NULL,
        -- Whom it is about; NULL: everybody up to last_customer_id. Later customers are not in it.
        customer_ids uuid[],
        last_customer_id uuid,
        total bigint NOT NULL,
        -- Where it stands: customers up to this one are done. Pages go by id.
        position uuid,
        customers bigint NOT NULL DEFAULT 0,
        -- What it took: events behind the usage, and how often a plan was rated.
        events bigint NOT NULL DEFAULT 0,
        ratings bigint NOT NULL DEFAULT 0,
        -- One for each candidate, with decimals as text.
        summaries jsonb NOT NULL,
        -- Why it failed, for a person to read.
        failed_reason text,
        api_key_id uuid,
        made_by text NOT NULL,
        created_at timestamptz NOT NULL,
        finished_at timestamptz,
        PRIMARY KEY (organisation_id, id)
      );
      CREATE INDEX simulation_running ON simulation (organisation_id, id) WHERE status = 'running';

      -- A customer under a candidate; amounts in the candidate's currency. NULL: not known, which is never zero.
      CREATE TABLE simulation_customer (
        organisation_id uuid NOT NULL,
        simulation_id uuid NOT NULL,
        candidate smallint NOT NULL,
        customer_id uuid NOT NULL,
        revenue_now numeric,
        revenue_then numeric,
        -- revenue_then - revenue_now: lists are ordered by it.
        change numeric,
        cost_now numeric,
        cost_then numeric,
        margin_then numeric,
        pending_events bigint NOT NULL,
        events bigint NOT NULL,
        lines jsonb NOT NULL,
        included jsonb NOT NULL,
        problem text,
        PRIMARY KEY (organisation_id, simulation_id, candidate, customer_id),
        FOREIGN KEY (organisation_id, simulation_id) REFERENCES simulation,
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer
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
    await db.query(`
      DROP TABLE simulation_customer, simulation;
      ALTER TABLE organisation DROP COLUMN margin_floor_percent;
    `);
  }
}
