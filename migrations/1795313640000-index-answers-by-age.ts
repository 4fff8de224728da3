import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Answers stored under an `Idempotency-Key` are forgotten by their age from now on; finding the old ones reads no others. */
export class IndexAnswersByAge1795313640000 implements MigrationInterface {
  readonly name = 'IndexAnswersByAge1795313640000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('CREATE INDEX idempotency_key_created_at ON idempotency_key (created_at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX idempotency_key_created_at');
  }
}
