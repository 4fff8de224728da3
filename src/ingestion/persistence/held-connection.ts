import type { Pool, PoolClient } from 'pg';

/** A connection that a writer keeps from one transaction to the next. */
export class HeldConnection {
  held: PoolClient | null = null;

  constructor(private readonly pool: Pool) {}

  async open(): Promise<PoolClient> {
    return (this.held = await this.pool.connect());
  }

  /** Closes it, which rolls back whatever is open. */
  drop(): void {
    this.held?.release(true);
    this.held = null;
  }

  /** Gives it back; it is between transactions. */
  release(): void {
    this.held?.release();
    this.held = null;
  }
}
