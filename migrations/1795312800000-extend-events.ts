import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Widens the event: the provider and model that were used, the node of work above its own, whether it repeats work, and
 * the cost unit by unit. Also makes room for corrections: further revisions of an event, and sums that go down.
 *
 * Safe under traffic: columns without a default, and one with a constant, are added without rewriting the table. The
 * two BRIN indexes read the table once; they are a few pages and cost ingest next to nothing.
 */
export class ExtendEvents1795312800000 implements MigrationInterface {
  readonly name = 'ExtendEvents1795312800000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE event
        -- The names of the model that was used and of who sells it, as the event gave them; for attribution.
        ADD COLUMN provider text,
        ADD COLUMN model text,
        -- The node of work (task or session) above the event's own.
        ADD COLUMN parent text,
        -- Why the work was done again; NULL for work done the first time.
        ADD COLUMN step text CHECK (step IN ('retry', 'self_correction')),
        -- 0 for the event as it was sent; an amendment is the next revision.
        ADD COLUMN revision int NOT NULL DEFAULT 0 CHECK (revision >= 0),
        -- What was paid for, as JSON: a list of [unit, quantity, price of one]. Text, because it is read back whole.
        ADD COLUMN cost_breakdown text;
      -- Events are appended in about the order of both, so that a few pages lead to any stretch.
      CREATE INDEX event_time_brin ON event USING brin (time) WITH (autosummarize = on);
      CREATE INDEX event_batch_brin ON event USING brin (batch) WITH (autosummarize = on);

      -- What stops counting is taken off by its own row of sums, which may be folded before the row it takes from. One
      -- of the parts may then be below zero for a moment; their sum never is.
      ALTER TABLE usage DROP CONSTRAINT usage_events_check, DROP CONSTRAINT usage_pending_events_check;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE usage
        ADD CONSTRAINT usage_events_check CHECK (events >= 0),
        ADD CONSTRAINT usage_pending_events_check CHECK (pending_events >= 0);
      DROP INDEX event_time_brin, event_batch_brin;
      ALTER TABLE event DROP COLUMN provider, DROP COLUMN model, DROP COLUMN parent, DROP COLUMN step,
        DROP COLUMN revision, DROP COLUMN cost_breakdown;
    `);
  }
}
