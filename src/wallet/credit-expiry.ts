import { Inject, Injectable } from '@nestjs/common';
import { actingFor } from '../access';
import { Clock } from '../kernel';
import { Database } from '../platform/database';
import type { PeriodicJob } from '../platform/jobs';
import { lockWallets, saveWallets } from './persistence/wallet-store';
import { WalletBooks } from './wallet-books';

const EVERY_MS = 10_000;
const A_LOOK = 500;

interface DueWallet {
  readonly organisation_id: string;
  readonly id: string;
}

/**
 * Expires credit that is over by its customer's clock and books what was lost, and books units that burned since. Whoever
 * reads a wallet expires it first, so it is right whenever this runs.
 */
@Injectable()
export class CreditExpiry {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(WalletBooks) private readonly books: WalletBooks,
  ) {}

  job(): PeriodicJob {
    return { name: 'expire credit', everyMs: EVERY_MS, run: (stopping) => this.run(stopping) };
  }

  /** Every wallet that is due; each in its own transaction. */
  async run(stopping: AbortSignal): Promise<void> {
    let due = await this.due();
    while (due.length > 0 && !stopping.aborted) {
      for (const { organisation_id: organisationId, id } of due) {
        await this.settle(organisationId, id);
      }
      due = due.length < A_LOOK ? [] : await this.due();
    }
  }

  private async settle(organisationId: string, id: string): Promise<void> {
    const tenant = actingFor(organisationId);
    await this.database.tenant(organisationId, async (db) => {
      const wallets = await lockWallets(db, organisationId, [id]);
      for (const wallet of wallets.values()) {
        const at = wallet.testNow ?? this.clock.now();
        await this.books.expire(db, tenant, wallet, at);
        const [last] = await db.query<{ id: string }[]>(
          'SELECT id FROM wallet_entry WHERE organisation_id = $1 AND wallet_id = $2 ORDER BY seq DESC LIMIT 1',
          [organisationId, id],
        );
        if (last !== undefined) await this.books.earn(db, tenant, wallet, last.id, at);
      }
      await saveWallets(db, organisationId, wallets.values());
    });
  }

  private async due(): Promise<readonly DueWallet[]> {
    const { rows } = await this.database.owner.query<DueWallet>(
      `SELECT DISTINCT organisation_id, id FROM (
         SELECT wallet.organisation_id, wallet.id
           FROM wallet_grant AS expiring
           JOIN wallet ON (wallet.organisation_id, wallet.id) = (expiring.organisation_id, expiring.wallet_id)
           JOIN customer ON (customer.organisation_id, customer.id) = (wallet.organisation_id, wallet.customer_id)
           LEFT JOIN test_clock AS clock ON (clock.organisation_id, clock.id) = (customer.organisation_id, customer.test_clock_id)
          WHERE expiring."left" > 0 AND expiring.expires_at <= COALESCE(clock.now, $1) AND wallet.archived_at IS NULL
         UNION ALL
         SELECT organisation_id, id FROM wallet WHERE earned <> earned_booked AND archived_at IS NULL
       ) AS due ORDER BY organisation_id, id LIMIT $2`,
      [this.clock.now(), A_LOOK],
    );
    return rows;
  }
}
