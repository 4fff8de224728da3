import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lets an event name the hold it settles, and gives organisations a revision of what limits and pays their usage.
 *
 * Safe under traffic: a column without a default and one with a constant are added without rewriting a table. The view
 * of events as they count now is taken as it is, since it holds a number of this installation, and gets the column.
 */
export class AddEventHolds1795315200000 implements MigrationInterface {
  readonly name = 'AddEventHolds1795315200000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- The hold that an event settles, as its sender named it: our id or their key.
      ALTER TABLE event ADD COLUMN hold text;
      -- Raised with every change of caps, wallets, rules for loops and their settings. 0 where there never was any: then
      -- ingest has nothing to note. Writers compare it with what they have in memory.
      ALTER TABLE organisation ADD COLUMN caps_revision bigint NOT NULL DEFAULT 0;
    `);
    const definition = await definitionOf(db);
    const widened = definition.replace(/\s+FROM \(*event e\b/, (from) => `, e.hold${from}`);
    await db.query(`CREATE OR REPLACE VIEW event_now WITH (security_invoker = true) AS ${widened}`);
  }

  async down(db: QueryRunner): Promise<void> {
    const definition = (await definitionOf(db)).replace(/,\s+e\.hold\b/, '');
    await db.query(`
      DROP VIEW event_now;
      CREATE VIEW event_now WITH (security_invoker = true) AS ${definition};
      GRANT SELECT ON event_now TO weir_app;
      ALTER TABLE organisation DROP COLUMN caps_revision;
      ALTER TABLE event DROP COLUMN hold;
    `);
  }
}

async function definitionOf(db: QueryRunner): Promise<string> {
  const [{ definition }] = (await db.query(
    `SELECT rtrim(pg_get_viewdef('event_now'::regclass), '; ') AS definition`,
  )) as [{ definition: string }];
  return definition;
}
