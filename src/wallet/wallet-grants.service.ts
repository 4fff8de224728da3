import { Inject, Injectable } from '@nestjs/common';
import { recordAudit, type Tenant } from '../access';
import {
  Clock,
  ConflictError,
  type Decimal,
  decimalText,
  InvalidRequestError,
  minorUnitDecimals,
  newUuid,
  toPublicId,
  ZERO,
} from '../kernel';
import { Database, type Queryable } from '../platform/database';
import { type Grant, type GrantKind, type GrantTerms, grantTo, type LockedWallet } from './domain';
import { type GrantRecord, listGrants } from './persistence/wallet-records';
import { insertEntries, insertGrant, lockWallets, saveWallets } from './persistence/wallet-store';
import { WalletBooks } from './wallet-books';
import { refuseArchived, WalletsService } from './wallets.service';

/** Credit that is given to a wallet by hand. */
export interface NewGrant extends Omit<GrantTerms, 'startsAt'> {
  readonly kind: GrantKind;
  readonly amount: Decimal;
  /** Null: now, by the customer's clock. */
  readonly startsAt: Date | null;
  /** What was paid for it, in the currency of the wallet's books; null: of bought money its face, else nothing. */
  readonly paid: Decimal | null;
  readonly reference: string | null;
  readonly reason: string | null;
}

/** Credit that a top-up becomes once it is paid. */
export interface ToppedUp {
  readonly topUpId: string;
  readonly amount: Decimal;
  /** In minor units of the wallet's books. */
  readonly paid: Decimal;
  readonly terms: Omit<GrantTerms, 'kind' | 'startsAt' | 'expiresAt'>;
  /** How long it lasts from when it is granted; null for ever. */
  readonly lastsMs: number | null;
  /** Whether an invoice has booked what is owed for it already. */
  readonly isInvoiced: boolean;
  readonly reason: string;
}

/** Gives credit to wallets. */
@Injectable()
export class WalletGrantsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(WalletsService) private readonly wallets: WalletsService,
    @Inject(WalletBooks) private readonly books: WalletBooks,
  ) {}

  /**
   * Grants credit by hand, and books it. A repeat with the same reference answers the stored grant.
   *
   * @throws InvalidRequestError `invalid_grant` for terms that contradict each other, or that are over already
   * @throws ConflictError       `grant_exists` when the reference is taken by another grant, `wallet_archived`
   */
  async grant(tenant: Tenant, reference: string, wanted: NewGrant): Promise<GrantRecord> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      await this.wallets.refuseUnknownFeatures(tenant, wanted.features);
      const record = await this.wallets.named(db, tenant, reference);
      refuseArchived(record);
      const wallet = (await lockWallets(db, organisationId, [record.row.id])).get(record.row.id)!;
      const at = wallet.testNow ?? this.clock.now();
      const paid = paidFor(wallet, wanted);
      if (wanted.reference !== null) {
        const [stored] = await listGrants(db, organisationId, wallet.id, {
          reference: wanted.reference,
          before: null,
          limit: 1,
        });
        if (stored !== undefined) return sameOrConflict(stored, wanted, paid);
      }
      refuseInvalid(wallet, wanted, paid, at);

      await this.books.expire(db, tenant, wallet, at);
      const grant: Grant = {
        ...wanted,
        id: newUuid(),
        left: wanted.amount,
        startsAt: wanted.startsAt ?? at,
        grantedAt: at,
        cost: paid === null ? null : { amount: paid, currency: wallet.booksCurrency },
      };
      await this.store(db, tenant, wallet, grant, { ...wanted, topUpId: null, isInvoiced: false });
      return { grant, rolledFrom: null, reference: wanted.reference, reason: wanted.reason };
    });
  }

  /** Grants what a top-up bought, whoever has locked what it hangs on. @param walletId of a wallet that may be archived by now */
  async topUp(db: Queryable, tenant: Tenant, walletId: string, bought: ToppedUp): Promise<void> {
    const wallet = (await lockWallets(db, tenant.organisationId, [walletId])).get(walletId);
    if (wallet === undefined) throw new ConflictError('wallet_archived', 'The wallet that was topped up is archived.');
    const at = wallet.testNow ?? this.clock.now();
    await this.books.expire(db, tenant, wallet, at);
    const { amount, paid, terms, lastsMs, topUpId, isInvoiced, reason } = bought;
    const grant: Grant = {
      ...terms,
      id: newUuid(),
      kind: 'bought',
      amount,
      left: amount,
      startsAt: at,
      expiresAt: lastsMs === null ? null : new Date(at.getTime() + lastsMs),
      grantedAt: at,
      cost: { amount: paid, currency: wallet.booksCurrency },
    };
    await this.store(db, tenant, wallet, grant, { topUpId, reference: null, reason, isInvoiced });
  }

  private async store(
    db: Queryable,
    tenant: Tenant,
    wallet: LockedWallet,
    grant: Grant,
    about: {
      readonly topUpId: string | null;
      readonly reference: string | null;
      readonly reason: string | null;
      readonly isInvoiced: boolean;
    },
  ): Promise<void> {
    const { organisationId } = tenant;
    const before = wallet.totals;
    const entries = grantTo(wallet, grant, grant.grantedAt);
    await insertGrant(db, organisationId, wallet.id, grant, { ...about, rolledFrom: null });
    await insertEntries(db, organisationId, entries);
    // An invoice has booked what is owed for it when it was finalized: only what was given on top is left to be booked.
    const paid = grant.cost?.amount ?? ZERO;
    const from = about.isInvoiced ? { ...before, paid: before.paid.plus(paid) } : before;
    await this.books.post(db, tenant, wallet, from, {
      source: { kind: 'wallet_grant', id: grant.id, purpose: 'granted' },
      at: grant.grantedAt,
      description: `Credit for the wallet ${wallet.key}`,
    });
    await saveWallets(db, organisationId, [wallet]);
    await recordAudit(db, tenant, {
      action: about.topUpId === null ? 'wallet.granted' : 'wallet.topped_up',
      subject: { kind: 'wallet', id: toPublicId('wallet', wallet.id) },
      ...(about.reason === null ? {} : { reason: about.reason }),
      after: {
        grant: toPublicId('walletGrant', grant.id),
        kind: grant.kind,
        amount: decimalText(grant.amount),
        paid: decimalText(paid),
      },
    });
  }
}

/** What the ledger takes as paid; null for what nobody paid for. */
function paidFor({ measure }: LockedWallet, { kind, amount, paid }: NewGrant): Decimal | null {
  if (paid !== null) return paid;
  return kind === 'bought' && measure === 'money' ? amount : null;
}

function refuseInvalid(wallet: LockedWallet, wanted: NewGrant, paid: Decimal | null, at: Date): void {
  const { kind, startsAt, expiresAt, rolloverLimit, amount } = wanted;
  const currency = wallet.booksCurrency;
  const digits = minorUnitDecimals(currency);
  if (kind === 'bought' && paid === null) refuse('paid', 'is needed: what bought units cost is what they earn');
  if (kind === 'promotional' && paid !== null) refuse('paid', 'is for credit that was paid for');
  if (paid !== null && paid.decimalPlaces() > digits) {
    refuse('paid', `must have at most ${digits} decimals, as ${currency} has`);
  }
  if (paid !== null && wallet.measure === 'money' && paid.greaterThan(amount)) {
    refuse('paid', 'must not be above the amount: what is paid for credit in money is at most its face');
  }
  const starts = startsAt ?? at;
  if (expiresAt !== null && expiresAt.getTime() <= Math.max(starts.getTime(), at.getTime())) {
    refuse('expiresAt', 'must be after its start, and after now for the customer');
  }
  if (rolloverLimit !== null && expiresAt === null) refuse('rolloverLimit', 'is for credit that expires');
}

function refuse(field: string, detail: string): never {
  throw new InvalidRequestError('invalid_grant', `${field}: ${detail}`, [{ field, detail }]);
}

function sameOrConflict(stored: GrantRecord, wanted: NewGrant, paid: Decimal | null): GrantRecord {
  const { grant } = stored;
  const sameAmount = (a: Decimal | null, b: Decimal | null): boolean =>
    a === null || b === null ? a === b : a.equals(b);
  const same =
    grant.kind === wanted.kind &&
    grant.amount.equals(wanted.amount) &&
    grant.priority === wanted.priority &&
    sameAmount(grant.cost?.amount ?? null, paid) &&
    (grant.expiresAt?.getTime() ?? null) === (wanted.expiresAt?.getTime() ?? null) &&
    (wanted.startsAt === null || grant.startsAt.getTime() === wanted.startsAt.getTime()) &&
    JSON.stringify(grant.features) === JSON.stringify(wanted.features);
  if (same) return stored;
  throw new ConflictError(
    'grant_exists',
    `The wallet has a grant '${wanted.reference}' that says something else. Give the new one another reference.`,
    [{ field: 'reference', detail: 'is taken by another grant' }],
  );
}
