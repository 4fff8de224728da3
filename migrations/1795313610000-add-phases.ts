import type { MigrationInterface, QueryRunner } from 'typeorm';

/** New tables of one organisation's rows, with what the application role may do to them. */
const TENANT_TABLES: Readonly<Record<string, string>> = {
  subscription_phase: 'SELECT, INSERT, UPDATE, DELETE',
  subscription_override: 'SELECT, INSERT, UPDATE, DELETE',
  plan_move: 'SELECT, INSERT',
};

/**
 * Lets what a subscription pays change in time: it can move to another plan version at an instant, and have prices of
 * its own for a while. It can also pay in a currency that isn't its plan's first.
 *
 * Safe under traffic: it creates tables and adds a column that is empty for what is there; a subscription without
 * phases has the plan it was made with, as before. Reverting forgets every move and override, so that everyone would pay
 * by the plan they began with, in its first currency.
 */
export class AddPhases1795313610000 implements MigrationInterface {
  readonly name = 'AddPhases1795313610000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- NULL: the plan's own.
      ALTER TABLE subscription ADD COLUMN currency char(3);

      CREATE TABLE plan_move (
        organisation_id uuid NOT NULL REFERENCES organisation,
        id uuid NOT NULL,
        -- Which plan the moved ones had: one version of it, or any (NULL).
        from_plan_key text NOT NULL,
        from_plan_id uuid,
        to_plan_id uuid NOT NULL,
        mode text NOT NULL CHECK (mode IN ('stay', 'renewal', 'now')),
        -- NULL: when it was asked for, by each customer's clock.
        effective_at timestamptz,
        -- Who was asked for: a list of customers, a rule, or everyone on the plan ({}).
        chosen jsonb NOT NULL,
        reason text NOT NULL,
        -- How many subscriptions it changed, and how many it found but left as they were.
        moved int NOT NULL CHECK (moved >= 0),
        unchanged int NOT NULL CHECK (unchanged >= 0),
        -- Who asked for it; the name as it was then.
        api_key_id uuid,
        made_by text NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, id),
        FOREIGN KEY (organisation_id, from_plan_id) REFERENCES plan (organisation_id, id),
        FOREIGN KEY (organisation_id, to_plan_id) REFERENCES plan (organisation_id, id)
      );

      -- From when on a subscription has another plan than it was made with. The latest that has begun holds.
      CREATE TABLE subscription_phase (
        organisation_id uuid NOT NULL,
        subscription_id uuid NOT NULL,
        from_at timestamptz NOT NULL,
        plan_id uuid NOT NULL,
        move_id uuid NOT NULL,
        PRIMARY KEY (organisation_id, subscription_id, from_at),
        FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscription (organisation_id, id),
        FOREIGN KEY (organisation_id, plan_id) REFERENCES plan (organisation_id, id),
        FOREIGN KEY (organisation_id, move_id) REFERENCES plan_move (organisation_id, id)
      );
      CREATE INDEX subscription_phase_plan ON subscription_phase (organisation_id, plan_id);
      CREATE INDEX subscription_phase_move ON subscription_phase (organisation_id, move_id);
      CREATE INDEX subscription_plan ON subscription (organisation_id, plan_id);

      -- Other terms for one price of one subscription, whichever plan version it has. For one price they never overlap:
      -- whoever writes them holds the subscription's row.
      CREATE TABLE subscription_override (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        subscription_id uuid NOT NULL,
        price_key text NOT NULL,
        definition jsonb NOT NULL,
        from_at timestamptz NOT NULL,
        to_at timestamptz,
        reason text NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, subscription_id, price_key, from_at),
        FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscription (organisation_id, id),
        CHECK (from_at < to_at)
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
    await db.query(
      `CREATE TRIGGER plan_move_immutable BEFORE UPDATE OR DELETE ON plan_move
         FOR EACH ROW EXECUTE FUNCTION weir_refuse_change()`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE subscription_override, subscription_phase, plan_move;
      DROP INDEX subscription_plan;
      ALTER TABLE subscription DROP COLUMN currency;
    `);
  }
}
