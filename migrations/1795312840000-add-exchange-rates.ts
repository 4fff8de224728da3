import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Adds exchange rates of organisations, and refreshes of the public price catalogue that wait for the operator's word.
 *
 * Safe under traffic: it creates, and adds two columns with constant defaults to a table of one row.
 * Reverting forgets the rates: what is costed afterwards in another currency stays pending.
 */
export class AddExchangeRates1795312840000 implements MigrationInterface {
  readonly name = 'AddExchangeRates1795312840000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- From valid_from on one unit of base is so many of quote. A corrected rate takes the place of the former, which
      -- stays for whoever asks how an earlier cost came about.
      CREATE TABLE exchange_rate (
        organisation_id uuid NOT NULL REFERENCES organisation,
        id uuid NOT NULL,
        base char(3) NOT NULL,
        quote char(3) NOT NULL CHECK (quote <> base),
        rate numeric NOT NULL CHECK (rate > 0),
        valid_from timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        replaced_at timestamptz,
        PRIMARY KEY (organisation_id, id)
      );
      CREATE UNIQUE INDEX exchange_rate_once ON exchange_rate (organisation_id, base, quote, valid_from)
        WHERE replaced_at IS NULL;

      ALTER TABLE exchange_rate ENABLE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON exchange_rate
        USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
      GRANT SELECT, INSERT, UPDATE ON exchange_rate TO weir_app;

      -- Whose the stored catalogue is: of the release that started last, or approved by the operator, whose word a
      -- later start does not undo.
      ALTER TABLE price_catalogue
        ADD COLUMN origin text NOT NULL DEFAULT 'release' CHECK (origin IN ('release', 'approved'));

      -- The catalogue belongs to the installation, so this is no tenant's and not readable for the application's role.
      CREATE TABLE catalogue_refresh (
        id uuid PRIMARY KEY,
        version text NOT NULL,
        -- The version it was compared with; applied only while that is still the stored one.
        compared_with text NOT NULL,
        source text NOT NULL,
        catalogue jsonb NOT NULL,
        changes jsonb NOT NULL,
        status text NOT NULL CHECK (status IN ('proposed', 'applied')),
        created_at timestamptz NOT NULL,
        applied_at timestamptz,
        -- From when on its prices hold; NULL: from the beginning.
        valid_from timestamptz
      );
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE catalogue_refresh, exchange_rate;
      ALTER TABLE price_catalogue DROP COLUMN origin;
    `);
  }
}
