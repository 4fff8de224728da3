import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { type AuditAction, recordAudit, type Tenant } from '../access';
import { FeaturesService, type MeterEntity, MetersService } from '../catalog';
import { type CustomerEntity, CustomersService, lockCustomers } from '../customers';
import {
  Clock,
  ConflictError,
  type Currency,
  Decimal,
  decimalText,
  fromPublicId,
  InvalidRequestError,
  minorUnitDecimals,
  newUuid,
  NotFoundError,
  toPublicId,
} from '../kernel';
import { Database, type Queryable } from '../platform/database';
import { hasExpired, type WalletState } from './domain';
import {
  archiveWallet,
  findWallet,
  type GrantRecord,
  grantsLeft,
  insertWallet,
  type JournalEntry,
  listEntries,
  listGrants,
  listWallets,
  updateWallet,
  type WalletRecord,
} from './persistence/wallet-records';
import { toWalletState } from './persistence/wallet-rows';
import { lockWallets, saveWallets } from './persistence/wallet-store';
import { RulesChanged } from './rules-changed';
import type { StoredTopUp, WantedTopUp } from './top-up-storage';
import { WalletBooks } from './wallet-books';

/** A wallet that is asked for. */
export interface NewWallet {
  readonly key: string;
  readonly name: string;
  /** Of a wallet in money; null for units. */
  readonly currency: Currency | null;
  readonly unit: string | null;
  /** Of units: how many one of a meter takes, by the meter's key or id. */
  readonly burns: ReadonlyMap<string, Decimal>;
  /** Of units: the currency they are sold in. */
  readonly soldIn: Currency | null;
  readonly whenEmpty: 'refuse' | 'arrears';
  readonly overdraftLimit: Decimal;
  readonly topUp: WantedTopUp | null;
}

/** What may be changed later; what isn't named stays. */
export type WalletChange = Partial<Pick<NewWallet, 'name' | 'burns' | 'whenEmpty' | 'overdraftLimit' | 'topUp'>>;

/** A wallet as it is told: with what it has, by the customer's now. */
export interface ShownWallet {
  readonly record: WalletRecord;
  readonly state: WalletState;
  readonly customer: CustomerEntity;
  readonly now: Date;
  /** Meters of the burn table, by id. */
  readonly meters: ReadonlyMap<string, MeterEntity>;
}

/** Makes, finds, changes and archives wallets of prepaid credit. */
@Injectable()
export class WalletsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(FeaturesService) private readonly features: FeaturesService,
    @Inject(RulesChanged) private readonly rulesChanged: RulesChanged,
    @Inject(WalletBooks) private readonly books: WalletBooks,
  ) {}

  /**
   * Makes an empty wallet. A repeat of the same answers the stored one.
   *
   * @throws ConflictError `wallet_exists` when the key is taken, or the customer has one of this currency or unit already
   * @throws InvalidRequestError `wallet_meter_not_additive`, `invalid_wallet`
   */
  async create(tenant: Tenant, customer: CustomerEntity, wanted: NewWallet): Promise<ShownWallet> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      const burns = await this.burnTable(tenant, wanted.burns);
      await this.refuseUnknownFeatures(tenant, wanted.topUp?.terms.features ?? null);
      await lockCustomers(db, organisationId, [customer.id]);
      await this.rulesChanged.tell(db, organisationId);
      const { currency, unit, soldIn } = wanted;
      const wallet = {
        ...wanted,
        ...{ id: newUuid(), customerId: customer.id, currency, unit, burns },
        booksCurrency: (currency ?? soldIn)!,
        topUp: topUpFor(wanted.topUp, currency, (currency ?? soldIn)!),
        createdAt: this.clock.now(),
      };
      if (await insertWallet(db, organisationId, wallet)) {
        await audit(db, tenant, 'wallet.made', wallet.id, undefined, {
          key: wallet.key,
          customer: toPublicId('customer', customer.id),
          currency,
          unit,
        });
        return this.shown(db, tenant, (await findWallet(db, organisationId, { id: wallet.id }))!);
      }
      const stored = await findWallet(db, organisationId, { key: wanted.key });
      if (stored !== null && isSame(stored, wallet)) return this.shown(db, tenant, stored);
      const detail =
        stored === null
          ? `is ${currency ?? unit}, of which the customer has a wallet already`
          : 'is taken by another wallet';
      throw new ConflictError(
        'wallet_exists',
        stored === null
          ? `'${customer.key}' has a wallet in ${currency ?? unit} already. Grant credit to that one.`
          : `There is a wallet '${wanted.key}' that says something else. Make one with another key.`,
        [{ field: stored === null ? (currency === null ? 'unit' : 'currency') : 'key', detail }],
      );
    });
  }

  /** With everything that was accepted before. @param reference our id or the caller's key @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<ShownWallet> {
    await this.rulesChanged.countWaiting(tenant.organisationId);
    return this.database.tenant(tenant.organisationId, (db) => this.shownIn(db, tenant, reference));
  }

  /** The same inside a transaction, with what was counted by then. @throws NotFoundError */
  async shownIn(db: Queryable, tenant: Tenant, reference: string): Promise<ShownWallet> {
    await this.expireDue(db, tenant, [(await this.named(db, tenant, reference)).row.id]);
    return this.shown(db, tenant, await this.named(db, tenant, reference));
  }

  /** Wallets, the newest first. @param customerId null for everyone's */
  async list(tenant: Tenant, customerId: string | null, before: string | null, limit: number): Promise<ShownWallet[]> {
    const { organisationId } = tenant;
    await this.rulesChanged.countWaiting(organisationId);
    return this.database.tenant(organisationId, async (db) => {
      const found = await listWallets(db, organisationId, customerId, before, limit);
      await this.expireDue(
        db,
        tenant,
        found.map(({ row }) => row.id),
      );
      return this.manyShown(db, tenant, await listWallets(db, organisationId, customerId, before, limit));
    });
  }

  /** A repeat changes nothing. @throws NotFoundError; ConflictError `wallet_archived` */
  async change(tenant: Tenant, reference: string, change: WalletChange): Promise<ShownWallet> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      const burns = change.burns === undefined ? undefined : await this.burnTable(tenant, change.burns);
      await this.refuseUnknownFeatures(tenant, change.topUp?.terms.features ?? null);
      await this.rulesChanged.tell(db, organisationId);
      const record = await this.named(db, tenant, reference);
      refuseArchived(record);
      if (burns !== undefined && record.row.unit === null) {
        throw invalid('burns', 'is for wallets in units of their own');
      }
      const { row, name, topUp } = record;
      const state = toWalletState(row, []);
      const before = {
        name,
        burns: state.burns,
        whenEmpty: row.when_empty,
        overdraftLimit: state.overdraft.limit,
        topUp,
      };
      const after = {
        ...{ ...before, ...change, burns: burns ?? state.burns },
        topUp: change.topUp === undefined ? topUp : topUpFor(change.topUp, row.currency, row.books_currency),
      };
      if (isDeepStrictEqual(termsShown(after), termsShown(before))) return this.shown(db, tenant, record);

      await updateWallet(db, organisationId, row.id, after);
      await audit(db, tenant, 'wallet.changed', row.id, termsShown(before), termsShown(after));
      return this.shown(db, tenant, await this.named(db, tenant, reference));
    });
  }

  /**
   * Archives a wallet that is empty: nothing burns or holds it any more, and the customer may have another of its currency
   * or unit. A repeat answers the same wallet.
   *
   * @throws ConflictError `wallet_not_empty` while it has credit, is overdrawn, or holds have some of it
   */
  async archive(tenant: Tenant, reference: string): Promise<ShownWallet> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      await this.rulesChanged.tell(db, organisationId);
      const record = await this.named(db, tenant, reference);
      if (record.archivedAt !== null) return this.shown(db, tenant, record);
      await this.expireDue(db, tenant, [record.row.id]);
      const wallet = (await lockWallets(db, organisationId, [record.row.id])).get(record.row.id)!;
      if (!wallet.settled.isZero() || !wallet.held.isZero()) {
        throw new ConflictError(
          'wallet_not_empty',
          `The wallet '${wallet.key}' has ${decimalText(wallet.settled)}, of which ${decimalText(wallet.held)} are held. It is archived once that is used, expired or released.`,
        );
      }
      const at = this.clock.now();
      await archiveWallet(db, organisationId, wallet.id, at);
      await audit(db, tenant, 'wallet.archived', wallet.id, { key: wallet.key });
      return this.shown(db, tenant, { ...record, archivedAt: at });
    });
  }

  /** Movements, the newest first. */
  async entries(tenant: Tenant, reference: string, before: string | null, limit: number): Promise<JournalEntry[]> {
    const { record } = await this.find(tenant, reference);
    return this.database.tenant(tenant.organisationId, (db) =>
      listEntries(db, tenant.organisationId, record.row.id, before, limit),
    );
  }

  /** Grants, the newest first. */
  async grants(tenant: Tenant, reference: string, before: string | null, limit: number): Promise<GrantRecord[]> {
    const { record } = await this.find(tenant, reference);
    return this.database.tenant(tenant.organisationId, (db) =>
      listGrants(db, tenant.organisationId, record.row.id, { before, limit }),
    );
  }

  /** @throws NotFoundError */
  async named(db: Queryable, tenant: Tenant, reference: string): Promise<WalletRecord> {
    const id = fromPublicId('wallet', reference);
    const found = await findWallet(db, tenant.organisationId, id === null ? { key: reference } : { id });
    if (found === null) throw new NotFoundError('wallet', reference);
    return found;
  }

  /** Expires what is over of these wallets, so that nobody is told of credit that is gone. Wallets without any aren't locked. */
  async expireDue(db: Queryable, tenant: Tenant, ids: readonly string[]): Promise<void> {
    const { organisationId } = tenant;
    const due: string[] = [];
    const now = this.clock.now();
    const clocks = await db.query<{ id: string; now: Date | null }>(
      `SELECT wallet.id, clock.now FROM wallet
         JOIN customer ON (customer.organisation_id, customer.id) = (wallet.organisation_id, wallet.customer_id)
         LEFT JOIN test_clock AS clock ON (clock.organisation_id, clock.id) = (customer.organisation_id, customer.test_clock_id)
        WHERE wallet.organisation_id = $1 AND wallet.id = ANY ($2::uuid[])`,
      [organisationId, [...ids]],
    );
    const left = await grantsLeft(db, organisationId, ids);
    for (const { id, now: shown } of clocks) {
      if (left.get(id)!.some((row) => hasExpired({ expiresAt: row.expires_at }, shown ?? now))) due.push(id);
    }
    if (due.length === 0) return;
    const wallets = await lockWallets(db, organisationId, due);
    for (const wallet of wallets.values()) await this.books.expire(db, tenant, wallet, wallet.testNow ?? now);
    await saveWallets(db, organisationId, wallets.values());
  }

  /** @throws NotFoundError for a feature that isn't there */
  async refuseUnknownFeatures(tenant: Tenant, keys: readonly string[] | null): Promise<void> {
    for (const key of keys ?? []) await this.features.find(tenant, key);
  }

  private async shown(db: Queryable, tenant: Tenant, record: WalletRecord): Promise<ShownWallet> {
    return (await this.manyShown(db, tenant, [record]))[0]!;
  }

  private async manyShown(db: Queryable, tenant: Tenant, records: readonly WalletRecord[]): Promise<ShownWallet[]> {
    if (records.length === 0) return [];
    const ids = records.map(({ row }) => row.id);
    const grants = await grantsLeft(db, tenant.organisationId, ids);
    const customerIds = [...new Set(records.map(({ row }) => row.customer_id))];
    const customers = await this.customers.byIds(tenant, customerIds);
    const nows = await this.customers.nowsOnTestClocks(tenant, customerIds);
    const meters = await this.meters.byIds(
      tenant,
      records.flatMap(({ row }) => Object.keys(row.burns ?? {})),
    );
    return records.map((record) => ({
      record,
      state: toWalletState(record.row, grants.get(record.row.id)!),
      customer: customers.get(record.row.customer_id)!,
      now: nows.get(record.row.customer_id) ?? this.clock.now(),
      meters,
    }));
  }

  /** By the meters' ids. Only what adds up can be burned as it comes. */
  private async burnTable(tenant: Tenant, burns: ReadonlyMap<string, Decimal>): Promise<ReadonlyMap<string, Decimal>> {
    const table = new Map<string, Decimal>();
    for (const [reference, units] of burns) {
      const meter = await this.meters.find(tenant, reference);
      if (meter.aggregation !== 'count' && meter.aggregation !== 'sum') {
        const detail = `names the meter '${meter.key}', which is a ${meter.aggregation}`;
        throw new InvalidRequestError(
          'wallet_meter_not_additive',
          `burns: ${detail}. Credit is burned as events come, so only counts and sums have a price in units.`,
          [{ field: `burns.${reference}`, detail }],
        );
      }
      table.set(meter.id, units);
    }
    return table;
  }
}

/** @throws ConflictError `wallet_archived` */
export function refuseArchived({ archivedAt, row }: WalletRecord): void {
  if (archivedAt === null) return;
  throw new ConflictError('wallet_archived', `The wallet '${row.key}' is archived. Make another one for new credit.`);
}

function invalid(field: string, detail: string): InvalidRequestError {
  return new InvalidRequestError('invalid_wallet', `${field}: ${detail}`, [{ field, detail }]);
}

/** With its price, or a refusal of what the books couldn't take. @param currency null: of units */
function topUpFor(wanted: WantedTopUp | null, currency: Currency | null, books: Currency): StoredTopUp | null {
  if (wanted === null) return null;
  const price = wanted.price ?? (currency === null ? null : wanted.amount);
  if (price === null) throw invalid('topUp.price', 'is needed for units');
  const digits = minorUnitDecimals(books);
  if (new Decimal(price).decimalPlaces() > digits) {
    throw invalid('topUp.price', `must have at most ${digits} decimals, as ${books} has`);
  }
  if (currency !== null && new Decimal(price).greaterThan(wanted.amount)) {
    throw invalid('topUp.price', 'must not be above the amount: credit in money costs at most its face');
  }
  if (wanted.terms.rolloverLimit !== null && wanted.terms.expiresAfterDays === null) {
    throw invalid('topUp.rolloverLimit', 'is for credit that expires');
  }
  return { ...wanted, price };
}

function isSame(
  { row, name, topUp, archivedAt }: WalletRecord,
  wanted: Omit<NewWallet, 'soldIn'> & { readonly customerId: string; readonly booksCurrency: string },
): boolean {
  const state = toWalletState(row, []);
  return (
    archivedAt === null &&
    row.customer_id === wanted.customerId &&
    row.currency === wanted.currency &&
    row.unit === wanted.unit &&
    row.books_currency === wanted.booksCurrency &&
    isDeepStrictEqual(
      termsShown({
        name,
        burns: state.burns,
        whenEmpty: row.when_empty,
        overdraftLimit: state.overdraft.limit,
        topUp,
      }),
      termsShown(wanted),
    )
  );
}

/** Terms as plain values, so that they can be compared and told. */
function termsShown(terms: {
  readonly name: string;
  readonly burns: ReadonlyMap<string, Decimal>;
  readonly whenEmpty: string;
  readonly overdraftLimit: Decimal;
  readonly topUp: object | null;
}): Record<string, unknown> {
  return {
    name: terms.name,
    burns: Object.fromEntries([...terms.burns].sort().map(([meter, units]) => [meter, decimalText(units)])),
    whenEmpty: terms.whenEmpty,
    overdraftLimit: decimalText(terms.overdraftLimit),
    topUp: terms.topUp,
  };
}

async function audit(
  db: Queryable,
  tenant: Tenant,
  action: AuditAction,
  id: string,
  before?: Record<string, unknown>,
  after?: Record<string, unknown>,
): Promise<void> {
  await recordAudit(db, tenant, { action, subject: { kind: 'wallet', id: toPublicId('wallet', id) }, before, after });
}
