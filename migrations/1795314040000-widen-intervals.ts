import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lets plans have other billing periods than months, and subscriptions begin theirs with the calendar.
 *
 * Safe under traffic: what is there stays a month and an anniversary, and both tables keep their rows as they are.
 * Reverting fails while there is a plan that isn't monthly or a subscription that goes by the calendar: their bills
 * would become others.
 */
export class WidenIntervals1795314040000 implements MigrationInterface {
  readonly name = 'WidenIntervals1795314040000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE plan DROP CONSTRAINT plan_interval_check;
      ALTER TABLE plan
        ADD CONSTRAINT plan_interval_check
          CHECK (interval IN ('day', 'week', 'month', 'quarter', 'half_year', 'year')),
        ADD COLUMN interval_count int NOT NULL DEFAULT 1 CHECK (interval_count > 0);
      ALTER TABLE subscription
        ADD COLUMN anchor text NOT NULL DEFAULT 'anniversary' CHECK (anchor IN ('anniversary', 'calendar'));
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE plan
        ADD CHECK (interval_count = 1),
        DROP CONSTRAINT plan_interval_check,
        ADD CONSTRAINT plan_interval_check CHECK (interval IN ('month'));
      ALTER TABLE subscription ADD CHECK (anchor = 'anniversary');
      ALTER TABLE plan DROP COLUMN interval_count;
      ALTER TABLE subscription DROP COLUMN anchor;
    `);
  }
}
