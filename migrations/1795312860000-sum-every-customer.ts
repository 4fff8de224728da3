import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Adds the sums over all customers of an organisation to `usage`, under the nil uuid in the customer's place, so that
 * reading the whole organisation doesn't touch every customer's rows. From now on folding keeps them (`addToTotals`,
 * `foldLeftovers`); sums that are still pending bring theirs when they are folded.
 *
 * Also keeps the pending sums of a small commit in their row as a whole, up to what a page holds: moving each list out
 * of a row that lives for a second took longer than writing it.
 *
 * Reads the table once. Stop processes of the release before first: one that folds after this would leave its sums out.
 */
export class SumEveryCustomer1795312860000 implements MigrationInterface {
  readonly name = 'SumEveryCustomer1795312860000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      INSERT INTO usage
      SELECT organisation_id, '00000000-0000-0000-0000-000000000000', meter_id, hour, dimensions,
             sum(quantity), sum(cost), sum(events), sum(pending_events)
        FROM usage
       GROUP BY organisation_id, meter_id, hour, dimensions;
      ALTER TABLE usage_pending SET (toast_tuple_target = 8160);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE usage_pending RESET (toast_tuple_target);
      DELETE FROM usage WHERE customer_id = '00000000-0000-0000-0000-000000000000';
    `);
  }
}
