import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Adds own resources with dated prices, and lets an organisation retire its own prices of models.
 *
 * Safe under traffic: it only creates and grants. Reverting forgets the resources; costs that counted them stay as they
 * were stored.
 */
export class AddResources1795312830000 implements MigrationInterface {
  readonly name = 'AddResources1795312830000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE resource (
        organisation_id uuid NOT NULL REFERENCES organisation,
        id uuid NOT NULL,
        key text NOT NULL,
        name text NOT NULL,
        -- What one of it is, for people: GPU second, GB-day, call.
        unit text NOT NULL,
        -- Only events of this type use it; NULL: any.
        event_type text,
        -- Where an event says how much it used; NULL: each that matches used one.
        field text,
        filters jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, key)
      );

      -- Only ever added: events point to the price they were costed by.
      CREATE TABLE resource_price (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        resource_id uuid NOT NULL,
        amount numeric NOT NULL CHECK (amount >= 0),
        -- How many units the amount is for.
        per bigint NOT NULL CHECK (per > 0),
        currency char(3) NOT NULL,
        valid_from timestamptz,
        valid_to timestamptz CHECK (valid_to > valid_from),
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, id),
        FOREIGN KEY (organisation_id, resource_id) REFERENCES resource
      );
      CREATE INDEX resource_price_of ON resource_price (organisation_id, resource_id);

      ALTER TABLE resource ENABLE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON resource
        USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
      GRANT SELECT, INSERT ON resource TO weir_app;
      ALTER TABLE resource_price ENABLE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON resource_price
        USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
      GRANT SELECT, INSERT ON resource_price TO weir_app;

      -- A price is never changed; from an instant on it may be retired, and the rest of its time is a row of its own.
      CREATE POLICY retirable ON model_price FOR UPDATE
        USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
      GRANT UPDATE (retired_at) ON model_price TO weir_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      REVOKE UPDATE (retired_at) ON model_price FROM weir_app;
      DROP POLICY retirable ON model_price;
      DROP TABLE resource_price, resource;
    `);
  }
}
