import { Injectable } from '@nestjs/common';
import { InvariantError } from '../kernel';
import type { Queryable } from '../platform/database';

/** What is in memory elsewhere counts no more: told in the transaction that changes a wallet. */
export type TellRulesChanged = (db: Queryable, organisationId: string) => Promise<void>;

/** The way to entitlements, which is to the right of this room and decides by wallets: it offers to be told when it starts. */
@Injectable()
export class RulesChanged {
  private listener: TellRulesChanged | null = null;

  /** Called once by the room that decides by wallets. */
  offer(listener: TellRulesChanged): void {
    this.listener = listener;
  }

  /** Called before the wallet's own row is touched: whoever is told takes locks that come before those of wallets. */
  async tell(db: Queryable, organisationId: string): Promise<void> {
    if (this.listener === null) throw new InvariantError('entitlements offers to be told when it starts');
    await this.listener(db, organisationId);
  }
}
