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
        -- Compact, of bounded size; see loops/domain.
        state jsonb NOT NULL,
        seen_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, customer_id, session),
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer (organisation_id, id)
      ) WITH (fillfactor = 70);
      CREATE INDEX loop_state_seen ON loop_state (seen_at);

      CREATE TABLE loop_finding (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        customer_id uuid NOT NULL,
        session text NOT NULL,
        agent text,
        task_class text,
        rule text NOT NULL,
        -- What it tells once: the same streak of the same rule is one finding.
        subject text NOT NULL,
        action text NOT NULL CHECK (action IN ('tell', 'throttle', 'pause', 'stop')),
        -- What is lost until the nearest cap stops it, in the currency of costs; NULL where that can't be told.
        severity numeric,
        evidence jsonb NOT NULL,
        found_at timestamptz NOT NULL,
        resolved_at timestamptz,
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, customer_id, session, rule, subject),
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer (organisation_id, id)
      );
      CREATE INDEX loop_finding_at ON loop_finding (organisation_id, found_at);
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
