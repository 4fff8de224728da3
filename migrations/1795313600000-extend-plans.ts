import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Adds features, drafts of plans, archived plans, and what can be said around prices: pools, minimums, discounts,
 * currencies. Released plans stay as they are: published since they were made, with nothing around their prices.
 *
 * Safe under traffic: it touches the small tables of plans and prices only. Reverting forgets features and drafts, takes
 * archived plans for published ones, and loses what is said around prices, so make sure that no plan says anything.
 */
export class ExtendPlans1795313600000 implements MigrationInterface {
  readonly name = 'ExtendPlans1795313600000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE feature (
        organisation_id uuid NOT NULL REFERENCES organisation,
        id uuid NOT NULL,
        key text NOT NULL,
        name text NOT NULL,
        description text,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, key)
      );
      ALTER TABLE feature ENABLE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON feature
        USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
      GRANT SELECT, INSERT ON feature TO weir_app;

      DROP TRIGGER plan_immutable ON plan;
      DROP TRIGGER price_immutable ON price;
      ALTER TABLE plan DROP CONSTRAINT plan_status_check;
      ALTER TABLE plan
        ADD CONSTRAINT plan_status_check CHECK (status IN ('draft', 'published', 'archived')),
        -- Pools, minimum, discounts and the like. What they may say is the catalog's rule.
        ADD COLUMN terms jsonb NOT NULL DEFAULT '{}',
        -- What the plan says in other currencies, by currency.
        ADD COLUMN currencies jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN published_at timestamptz,
        ADD COLUMN archived_at timestamptz,
        -- Why it was published although its margin would have been below the organisation's floor.
        ADD COLUMN publish_reason text,
        -- Whether single requests made it, or a file of plans.
        ADD COLUMN source text NOT NULL DEFAULT 'api' CHECK (source IN ('api', 'code'));
      UPDATE plan SET published_at = created_at;
      ALTER TABLE plan
        -- One that is published at once is a draft, too, until its prices are there.
        ADD CHECK (status = 'draft' OR published_at IS NOT NULL),
        ADD CHECK ((status = 'archived') = (archived_at IS NOT NULL));
      CREATE UNIQUE INDEX plan_draft ON plan (organisation_id, key) WHERE status = 'draft' AND published_at IS NULL;
      ALTER TABLE price ADD COLUMN terms jsonb NOT NULL DEFAULT '{}';
      GRANT UPDATE, DELETE ON plan, price TO weir_app;

      -- A draft may change and go. What is published stays as it is, and may only be archived, for good.
      CREATE FUNCTION weir_guard_plan() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF OLD.status = 'draft' THEN
          IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
          IF (NEW.organisation_id, NEW.id, NEW.key) = (OLD.organisation_id, OLD.id, OLD.key) AND NEW.status <> 'archived'
          THEN RETURN NEW; END IF;
        ELSIF TG_OP = 'UPDATE' AND OLD.status = 'published' AND NEW.status = 'archived' THEN
          IF to_jsonb(NEW) - 'status' - 'archived_at' = to_jsonb(OLD) - 'status' - 'archived_at' THEN RETURN NEW; END IF;
        END IF;
        RAISE EXCEPTION 'a published plan is never changed or removed' USING ERRCODE = 'integrity_constraint_violation';
      END $$;
      CREATE TRIGGER plan_guard BEFORE UPDATE OR DELETE ON plan FOR EACH ROW EXECUTE FUNCTION weir_guard_plan();

      -- The plan stays a draft until whoever changes its prices is done: publishing waits for this lock.
      CREATE FUNCTION weir_guard_price() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP <> 'INSERT' THEN
          PERFORM FROM plan WHERE (organisation_id, id) = (OLD.organisation_id, OLD.plan_id) AND status = 'draft' FOR SHARE;
          IF NOT FOUND THEN
            RAISE EXCEPTION 'prices of a published plan are never changed or removed'
              USING ERRCODE = 'integrity_constraint_violation';
          END IF;
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        PERFORM FROM plan WHERE (organisation_id, id) = (NEW.organisation_id, NEW.plan_id) AND status = 'draft' FOR SHARE;
        IF NOT FOUND THEN
          RAISE EXCEPTION 'a published plan gets no further prices' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER price_guard BEFORE INSERT OR UPDATE OR DELETE ON price
        FOR EACH ROW EXECUTE FUNCTION weir_guard_price();
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TRIGGER price_guard ON price;
      DROP TRIGGER plan_guard ON plan;
      DROP FUNCTION weir_guard_price();
      DROP FUNCTION weir_guard_plan();

      DELETE FROM price USING plan
       WHERE (price.organisation_id, price.plan_id) = (plan.organisation_id, plan.id) AND plan.status = 'draft';
      DELETE FROM plan WHERE status = 'draft';
      REVOKE UPDATE, DELETE ON plan, price FROM weir_app;
      ALTER TABLE price DROP COLUMN terms;
      DROP INDEX plan_draft;
      ALTER TABLE plan DROP COLUMN terms, DROP COLUMN currencies, DROP COLUMN published_at, DROP COLUMN archived_at,
        DROP COLUMN publish_reason, DROP COLUMN source, DROP CONSTRAINT plan_status_check;
      UPDATE plan SET status = 'published';
      ALTER TABLE plan ADD CONSTRAINT plan_status_check CHECK (status IN ('published'));
      CREATE TRIGGER plan_immutable BEFORE UPDATE OR DELETE ON plan FOR EACH ROW EXECUTE FUNCTION weir_refuse_change();
      CREATE TRIGGER price_immutable BEFORE UPDATE OR DELETE ON price FOR EACH ROW EXECUTE FUNCTION weir_refuse_change();
      DROP TABLE feature;
    `);
  }
}
