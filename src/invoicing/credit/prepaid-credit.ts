import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../../access';
import { Decimal, invariant, ZERO } from '../../kernel';
import {
  type BurnedFor,
  burnedOfPeriods,
  coveredOf,
  giveBackInvoice,
  type GrantPiece,
  insertEntries,
  loadEmptyGrants,
  type LockedWallet,
  lockWallets,
  moneyWalletsOf,
  payInvoice,
  type Posting,
  saveWallets,
  takenByInvoice,
  WalletBooks,
  type WalletEntry,
  walletEntries,
  type WalletTotals,
  withoutCovers,
} from '../../wallet';
import { boughtBy } from '../domain';
import type { DraftToWrite } from '../drafts/draft-gathering';
import type { InvoiceEntity } from '../persistence/invoice.entity';
import { creditPlace } from './customer-credit';

/** Wallets that pay the invoices of one transaction, one after the other. */
export interface OpenWallets {
  /** Lets prepaid credit pay what is left of an invoice. @returns what it pays: the invoice's `prepaidApplied` */
  pay(draft: DraftToWrite, at: Date): Decimal;
  /** Writes the wallets and their journals. @returns what is to be booked */
  save(): Promise<readonly Posting[]>;
}

/** Prepaid credit pays invoices when they are finalized: last, of what nothing else has paid. */
@Injectable()
export class PrepaidCredit {
  constructor(@Inject(WalletBooks) private readonly books: WalletBooks) {}

  /** Locks the wallets of whoever gets these invoices. Whoever calls holds the customers' rows. */
  async open(db: EntityManager, tenant: Tenant, drafts: readonly DraftToWrite[]): Promise<OpenWallets> {
    const { organisationId } = tenant;
    const customerIds = [...new Set(drafts.map(({ customer }) => customer.id))];
    const ids = await moneyWalletsOf(db, organisationId, customerIds);
    if (ids.size === 0) return { pay: () => ZERO, save: () => Promise.resolve([]) };

    const wallets = await lockWallets(db, organisationId, [...ids.values()]);
    const usage = (await burnedOfPeriods(db, organisationId, periodsOf(drafts))).filter(({ walletId }) =>
      wallets.has(walletId),
    );
    const covered = new Map<string, readonly GrantPiece[]>();
    for (const wallet of wallets.values()) {
      const own = usage.filter(({ walletId }) => walletId === wallet.id);
      const isOverdrawn = own.some(({ burned }) => !burned.overdraft.isZero());
      covered.set(wallet.id, isOverdrawn ? await coveredOf(db, organisationId, wallet.id) : []);
      const pieces = [...own.flatMap(({ burned }) => burned.pieces), ...covered.get(wallet.id)!];
      await loadEmptyGrants(db, organisationId, wallet, [...new Set(pieces.map(({ grant }) => grant))]);
    }

    const entries: WalletEntry[] = [];
    const postings: Posting[] = [];
    return {
      pay: ({ invoice, parts, lines }, at) => {
        const id = ids.get(creditPlace(invoice.customerId, invoice.currency));
        const wallet = id === undefined ? undefined : wallets.get(id);
        if (wallet === undefined || lines.some((line) => boughtBy(line) !== null)) return ZERO;
        // Of an invoice that is paid otherwise, nothing is due: what its usage burned goes back all the same.
        const due = Decimal.max(invoice.total.minus(invoice.creditApplied), ZERO);
        const burned = takeOut(usage, wallet, parts);
        if (due.isZero() && burned.length === 0) return ZERO;

        const before = wallet.totals;
        const own = covered.get(wallet.id)!;
        const paid = payInvoice(
          wallet,
          { id: invoice.id, due, net: invoice.subtotal, usage: burned, covered: own },
          at,
        );
        covered.set(wallet.id, withoutCovers(own, paid.entries));
        entries.push(...paid.entries);
        postings.push(posting(invoice, wallet, before, at));
        return paid.applied;
      },
      save: async () => {
        await insertEntries(db, organisationId, entries);
        await saveWallets(db, organisationId, wallets.values());
        return postings;
      },
    };
  }

  /** Gives back what an invoice took that is void now. A repeat does nothing. */
  async giveBack(db: EntityManager, tenant: Tenant, invoice: InvoiceEntity, at: Date): Promise<void> {
    const { organisationId } = tenant;
    const taken = await takenByInvoice(db, organisationId, invoice.id);
    if (taken.length === 0) return;
    const [{ walletId }] = taken as [(typeof taken)[number]];
    const wallet = (await lockWallets(db, organisationId, [walletId])).get(walletId);
    if (wallet === undefined) {
      invariant(invoice.prepaidApplied.isZero(), 'a wallet that paid an open invoice is there');
      return;
    }
    const pieces = taken.flatMap(({ burned }) => burned.pieces);
    await loadEmptyGrants(db, organisationId, wallet, [...new Set(pieces.map(({ grant }) => grant))]);

    const before = wallet.totals;
    const back = giveBackInvoice(
      wallet,
      invoice.id,
      taken.map(({ period, feature, ...each }) => ({
        ...each,
        usage: period === null ? null : { subscriptionId: period[0], periodIndex: period[1], feature },
      })),
      at,
    );
    invariant(back.amount.equals(invoice.prepaidApplied), 'an invoice gives back what it took');

    await insertEntries(db, organisationId, back.entries);
    await this.books.post(db, tenant, wallet, before, {
      source: { kind: 'invoice', id: invoice.id, purpose: 'prepaid_given_back' },
      at,
      description: `Invoice ${invoice.number} is void`,
    });
    // What has expired meanwhile expires again.
    await this.books.expire(db, tenant, wallet, at);
    await saveWallets(db, organisationId, [wallet]);
  }
}

/** Periods whose usage is billed by these parts: at their end, or early by a threshold. */
function periodsOf(
  drafts: readonly Pick<DraftToWrite, 'parts'>[],
): { readonly subscriptionId: string; readonly index: number }[] {
  const parts = drafts.flatMap((draft) => draft.parts).filter(({ kind }) => kind === 'period' || kind === 'threshold');
  const periods = parts.map(({ subscriptionId, periodIndex }) => ({ subscriptionId, index: periodIndex }));
  return [...new Map(periods.map((each) => [`${each.subscriptionId} ${each.index}`, each])).values()];
}

/** What a wallet burned for the periods of an invoice: it is settled by this one, and no other finds it again. */
function takeOut(usage: BurnedFor[], wallet: LockedWallet, parts: DraftToWrite['parts']): BurnedFor[] {
  const billed = new Set(periodsOf([{ parts }]).map((each) => `${each.subscriptionId} ${each.index}`));
  const isOwn = (each: BurnedFor): boolean =>
    each.walletId === wallet.id && billed.has(`${each.subscriptionId} ${each.periodIndex}`);
  const own = usage.filter(isOwn);
  usage.splice(0, usage.length, ...usage.filter((each) => !isOwn(each)));
  return own;
}

function posting(
  invoice: InvoiceEntity,
  { totals, measure, booksCurrency: currency }: LockedWallet,
  before: WalletTotals,
  at: Date,
): Posting {
  return {
    source: { kind: 'invoice', id: invoice.id, purpose: 'prepaid_applied' },
    customerId: invoice.customerId,
    currency,
    at,
    description: `Prepaid credit is used for invoice ${invoice.number}`,
    entries: walletEntries(before, totals, { measure, currency }),
  };
}
