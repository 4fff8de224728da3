import { Injectable } from '@nestjs/common';
import { InvariantError } from '../kernel';
import type { Queryable } from '../platform/database';

/** What the room that counts events against wallets does for this one. */
export interface CountingOfWallets {
  /**
   * What is in memory elsewhere counts no more. Called in the transaction that changes a wallet, before the wallet's own
   * row is touched: it takes locks that come before those of wallets.
   */
  rulesChanged(db: Queryable, organisationId: string): Promise<void>;
  /** Counts what was accepted before, so that no balance is told that lacks it. Called outside of any transaction. */
  countWaiting(organisationId: string): Promise<void>;
}

/** The way to entitlements, which is to the right of this room: it offers what it does for wallets when it starts. */
@Injectable()
export class RulesChanged {
  private offered: CountingOfWallets | null = null;

  /** Called once. */
  offer(counting: CountingOfWallets): void {
    this.offered = counting;
  }

  async tell(db: Queryable, organisationId: string): Promise<void> {
    await this.counting().rulesChanged(db, organisationId);
  }

  async countWaiting(organisationId: string): Promise<void> {
    await this.counting().countWaiting(organisationId);
  }

  private counting(): CountingOfWallets {
    if (this.offered === null) throw new InvariantError('entitlements offers what it does for wallets when it starts');
    return this.offered;
  }
}
