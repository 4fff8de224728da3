import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import type { Queryable } from '../platform/database';
import {
  type Account,
  expireIn,
  expiriesAt,
  type LockedWallet,
  type Posting,
  type PostingSource,
  walletEntries,
  type WalletTotals,
} from './domain';
import { newUuid } from '../kernel';
import { LedgerService } from './ledger.service';
import { insertEntries, insertRolled } from './persistence/wallet-store';

/** Writes down what happened to locked wallets: in their journals, and in the ledger. The caller saves the wallets. */
@Injectable()
export class WalletBooks {
  constructor(@Inject(LedgerService) private readonly ledger: LedgerService) {}

  /**
   * Books what has happened to a wallet since: units that were earned meanwhile too.
   *
   * @param before  the wallet's totals as they were
   * @param funding what a purchase is booked against
   */
  async post(
    db: Queryable,
    tenant: Tenant,
    wallet: LockedWallet,
    before: WalletTotals,
    about: Pick<Posting, 'source' | 'at' | 'description'>,
    funding: Account = 'payments',
  ): Promise<void> {
    const from = { ...before, earned: wallet.earnedBooked };
    const setting = { measure: wallet.measure, currency: wallet.booksCurrency };
    const entries = walletEntries(from, wallet.totals, setting, funding);
    wallet.earnedBooked = wallet.totals.earned;
    wallet.changed = true;
    const { customerId, booksCurrency: currency } = wallet;
    await this.ledger.post(db, tenant, { ...about, customerId, currency, entries });
  }

  /** Expires what is over by the customer's now, and books what was lost, as of when it was. A repeat finds nothing. */
  async expire(db: Queryable, tenant: Tenant, wallet: LockedWallet, at: Date): Promise<void> {
    const { organisationId } = tenant;
    for (let [next] = expiriesAt(wallet.grants, at); next !== undefined; [next] = expiriesAt(wallet.grants, at)) {
      const before = wallet.totals;
      const { entries, grants } = expireIn(wallet, next.at, newUuid);
      await insertRolled(db, organisationId, wallet.id, grants);
      const ids = await insertEntries(db, organisationId, entries);
      const place = entries.findIndex(({ kind }) => kind === 'expiry');
      if (place === -1) continue;
      await this.post(db, tenant, wallet, before, {
        source: entrySource(ids[place]!, 'expired'),
        at: next.at,
        description: `Credit of the wallet ${wallet.key} expired`,
      });
    }
  }

  /** Books units that burned and aren't booked yet. @param lastEntry the wallet's newest */
  async earn(db: Queryable, tenant: Tenant, wallet: LockedWallet, lastEntry: string, at: Date): Promise<void> {
    if (wallet.totals.earned.equals(wallet.earnedBooked)) return;
    await this.post(db, tenant, wallet, wallet.totals, {
      source: entrySource(lastEntry, 'earned'),
      at,
      description: `Units of the wallet ${wallet.key} were used`,
    });
  }
}

/** Which entry of the journal a posting is of. */
function entrySource(id: string, purpose: string): PostingSource {
  return { kind: 'wallet_entry', id, purpose };
}
