import type { MigrationInterface, QueryRunner } from 'typeorm';

/** New tables of one organisation's rows, with what the application role may do to them. */
const TENANT_TABLES: Readonly<Record<string, string>> = {
  loop_rule: 'SELECT, INSERT, UPDATE, DELETE',
  loop_state: 'SELECT, INSERT, UPDATE, DELETE',
  loop_finding: 'SELECT, INSERT, UPDATE',
};

/**
 * Adds rules for agents that run away, what is remembered of their sessions, and what was found.
 *
 * Safe under traffic: it only creates. Reverting forgets rules and findings.
 */
export class AddLoops1795315240000 implements MigrationInterface {
  readonly name = 'AddLoops1795315240000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE loop_rule (
        organisation_id uuid NOT NULL REFERENCES organisation,
        -- A class of tasks; '' for all that have no rules of their own.
        task_class text NOT NULL,
        definition jsonb NOT NULL,
        changed_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, task_class)
      );

      CREATE TABLE loop_state (
        organisation_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        session text NOT NULL,
        -- Of the last step that named one; '' for none.
        task_class text NOT NULL,
        -- Compact, of bounded size; see loops/domain.
        state jsonb NOT NULL,
        seen_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, customer_id, session),
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer (organisation_id, id)
      ) WITH (fillfactor = 70);
      CREATE INDEX loop_state_seen ON loop_state (seen_at);
      -- What sessions of a class usually spend is taken from the latest of them.
      CREATE INDEX loop_state_class ON loop_state (organisation_id, task_class, seen_at);

      CREATE TABLE loop_finding (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        customer_id uuid NOT NULL,
        session text NOT NULL,
        agent text,
        -- '' for none.
        task_class text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('repeat', 'ping_pong', 'no_progress', 'rate', 'depth')),
        action text NOT NULL CHECK (action IN ('tell', 'throttle', 'pause', 'stop')),
        sentence text NOT NULL,
        -- Time of the step that crossed the line.
        crossed_at timestamptz NOT NULL,
        -- In calls, pairs, money or levels.
        measured numeric NOT NULL,
        limit_amount numeric NOT NULL,
        -- In the currency of costs.
        currency char(3) NOT NULL,
        wasted numeric NOT NULL,
        unpriced int NOT NULL,
        per_minute numeric NOT NULL,
        -- Until the cap is reached or its period ends; NULL where neither ever happens, or nothing is known of it.
        seconds_left bigint,
        -- per_minute for the time that is left; NULL with the reason where that can't be told.
        severity numeric,
        severity_unknown text CHECK (severity_unknown IN ('no_cap', 'cost_unknown')),
        cap_id uuid,
        -- The calls it rests on: hashes, names, counts, times, costs.
        calls jsonb NOT NULL,
        found_at timestamptz NOT NULL,
        resolved_at timestamptz,
        PRIMARY KEY (organisation_id, id),
        CHECK ((severity IS NULL) = (severity_unknown IS NOT NULL)),
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer (organisation_id, id),
        FOREIGN KEY (organisation_id, cap_id) REFERENCES cap (organisation_id, id)
      );
      CREATE INDEX loop_finding_session ON loop_finding (organisation_id, customer_id, session);
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
    await db.query('DROP TABLE loop_finding, loop_state, loop_rule');
  }
}
