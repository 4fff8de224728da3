import { Inject, Injectable } from '@nestjs/common';
import { actingFor, type Tenant } from '../../access';
import { type CustomerEntity, lockCustomers } from '../../customers';
import {
  ConflictError,
  type Decimal,
  decimalText,
  instantOfLocal,
  InvalidRequestError,
  invariant,
  localTimeOf,
  minorUnitDecimals,
  newUuid,
  ONE,
  sum,
  toPublicId,
} from '../../kernel';
import { LOGGER, type Logger } from '../../platform';
import { Database, type Queryable } from '../../platform/database';
import type { PeriodicJob } from '../../platform/jobs';
import {
  automaticTopUps,
  decideTopUp,
  insertTopUp,
  listTopUps,
  schedulePeriod,
  type ShownWallet,
  type StoredGrantTerms,
  type StoredTopUp,
  TopUpGrants,
  type TopUpRecord,
  toRule,
  toTopUp,
  walletAvailable,
  WalletsService,
} from '../../wallet';
import { InvoicesService } from '../invoices.service';
import { OneOffService } from './one-off.service';

/** Credit that is to be bought. */
export interface NewTopUp {
  /** In the wallet's measure. */
  readonly amount: Decimal;
  /** Without tax; null: of money its face. */
  readonly price: Decimal | null;
  /** Whether it is paid already; else it is invoiced, and granted when that is paid. */
  readonly paid: boolean;
  readonly terms: StoredGrantTerms;
  readonly reference: string | null;
}

const EVERY_MS = 5_000;

interface WalletWithRule {
  readonly organisation_id: string;
  readonly id: string;
}

/** Sells credit: by hand, when little is left, and by schedule. */
@Injectable()
export class TopUpsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(WalletsService) private readonly wallets: WalletsService,
    @Inject(TopUpGrants) private readonly grants: TopUpGrants,
    @Inject(OneOffService) private readonly oneOffs: OneOffService,
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Sells credit by hand: grants it where it is paid, else makes out an invoice for it. A repeat of the reference answers
   * the stored top-up.
   *
   * @throws InvalidRequestError `invalid_top_up`
   * @throws ConflictError       `top_up_exists` for another top-up of the same reference, `wallet_archived`
   */
  async create(tenant: Tenant, reference: string, wanted: NewTopUp): Promise<TopUpRecord> {
    const { organisationId } = tenant;
    const found = await this.wallets.find(tenant, reference);
    refuseArchived(found);
    refuseInvalid(found, wanted);
    return this.database.tenant(organisationId, async (db) => {
      await this.wallets.refuseUnknownFeatures(tenant, wanted.terms.features);
      await lockCustomers(db, organisationId, [found.customer.id]);
      if (wanted.reference !== null) {
        const [stored] = await listTopUps(db, organisationId, found.record.row.id, {
          reference: wanted.reference,
          before: null,
          limit: 1,
        });
        if (stored !== undefined) return sameOrConflict(stored, wanted);
      }
      return this.sell(db, tenant, found, { ...wanted, trigger: 'hand' });
    });
  }

  /** Top-ups of a wallet, the newest first. */
  async list(tenant: Tenant, reference: string, before: string | null, limit: number): Promise<TopUpRecord[]> {
    const { record } = await this.wallets.find(tenant, reference);
    return this.database.tenant(tenant.organisationId, (db) =>
      listTopUps(db, tenant.organisationId, record.row.id, { before, limit }),
    );
  }

  /** Buys what rules say is to be bought by now. */
  job(): PeriodicJob {
    return {
      name: 'top up wallets',
      everyMs: EVERY_MS,
      run: async (stopping) => {
        const { rows } = await this.database.owner.query<WalletWithRule>(
          `SELECT organisation_id, id FROM wallet WHERE top_up IS NOT NULL AND archived_at IS NULL ORDER BY organisation_id, id`,
        );
        for (const { organisation_id: organisationId, id } of rows) {
          if (stopping.aborted) return;
          await this.topUpIfDue(actingFor(organisationId), id).catch((error: unknown) => {
            this.logger.warn({ err: error, wallet: toPublicId('wallet', id) }, 'a wallet could not be topped up');
          });
        }
      },
    };
  }

  /** Looks at the rule of a wallet, and buys where it says so. A repeat finds what was bought. */
  async topUpIfDue(tenant: Tenant, walletId: string): Promise<TopUpRecord | null> {
    const { organisationId } = tenant;
    const reference = toPublicId('wallet', walletId);
    // Most of them are looked at and left alone: nobody's row is locked for that.
    if ((await this.decided(tenant, await this.wallets.find(tenant, reference))) === 'none') return null;
    return this.database.tenant(organisationId, async (db) => {
      const { customer } = await this.wallets.shownIn(db, tenant, reference);
      await lockCustomers(db, organisationId, [customer.id]);
      const found = await this.wallets.shownIn(db, tenant, reference);
      const decision = await this.decided(tenant, found);
      if (decision === 'none') return null;
      const rule = ruleOf(found)!;
      const { amount, price } = toTopUp(rule);
      const { paid, terms, on: trigger } = rule;
      const topUp = { amount, price, paid, terms, trigger, reference: null };
      if (decision === 'buy') return this.sell(db, tenant, found, topUp);
      const refused = {
        ...recordOf(found, topUp),
        status: 'refused',
        reason: 'The limit of the month is reached',
      } as const;
      await insertTopUp(db, organisationId, refused);
      return refused;
    });
  }

  private async decided(tenant: Tenant, found: ShownWallet): Promise<'none' | 'buy' | 'limited'> {
    const rule = ruleOf(found);
    if (rule === null || found.record.archivedAt !== null) return 'none';
    const { now, customer, state } = found;
    const since = startOfMonth(now, customer);
    const made = await this.database.tenant(tenant.organisationId, (db) =>
      automaticTopUps(db, tenant.organisationId, state.id, since),
    );
    const ofRule = toRule(rule, customer.timeZone);
    const counted = made.filter(({ status, at }) => status !== 'refused' && status !== 'void' && at >= since);
    const decision = decideTopUp(
      ofRule,
      toTopUp(rule),
      {
        available: walletAvailable(state, null, now),
        isPending: made.some(({ status, trigger }) => status === 'invoiced' && trigger === 'threshold'),
        spentThisMonth: sum(counted.map(({ price }) => price)),
        lastPeriod: lastPeriodOf(made, ofRule, now),
      },
      now,
    );
    // Refused once a month is enough: it is told, and the month goes on.
    const isTold = made.some(
      ({ status, trigger, at }) => status === 'refused' && trigger === 'threshold' && at >= since,
    );
    return decision === 'limited' && rule.on === 'threshold' && isTold ? 'none' : decision;
  }

  private async sell(
    db: Queryable,
    tenant: Tenant,
    found: ShownWallet,
    wanted: NewTopUp & { readonly trigger: TopUpRecord['trigger'] },
  ): Promise<TopUpRecord> {
    const { organisationId } = tenant;
    const record = recordOf(found, wanted);
    if (wanted.paid) {
      const granted = { ...record, status: 'granted' } as const;
      await insertTopUp(db, organisationId, granted);
      await this.grants.grant(db, tenant, granted, false);
      return granted;
    }
    const { invoice } = await this.oneOffs.create(
      tenant,
      found.customer,
      record.currency,
      [
        {
          currency: record.currency,
          description: descriptionOf(found, record),
          quantity: ONE,
          unitAmount: record.price,
          taxCode: null,
          taxBehaviour: 'exclusive',
          buys: found.state.currency === null ? 'units' : 'credit',
          servicePeriod: null,
          reference: null,
        },
      ],
      null,
    );
    const invoiced = { ...record, status: 'invoiced', invoiceId: invoice.id } as const;
    await insertTopUp(db, organisationId, invoiced);
    await this.finalize(tenant, invoice.id);
    const [stored] = await listTopUps(db, organisationId, record.walletId, { before: null, limit: 1 });
    invariant(stored?.id === record.id, 'what was stored is there');
    return stored;
  }

  /** Where somebody has to approve of invoices, it stays a draft until they do. */
  private async finalize(tenant: Tenant, invoiceId: string): Promise<void> {
    try {
      await this.database.apart(tenant.organisationId, () =>
        this.invoices.finalize(tenant, toPublicId('invoice', invoiceId)),
      );
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      this.logger.info({ err: error }, 'the invoice of a top-up waits');
    }
  }
}

function ruleOf({ record }: ShownWallet): StoredTopUp | null {
  return record.topUp as unknown as StoredTopUp | null;
}

function recordOf(
  { state, record, now }: ShownWallet,
  wanted: Pick<NewTopUp, 'amount' | 'price' | 'terms' | 'reference'> & { readonly trigger: TopUpRecord['trigger'] },
): Omit<TopUpRecord, 'status'> {
  return {
    id: newUuid(),
    walletId: state.id,
    trigger: wanted.trigger,
    amount: wanted.amount,
    price: wanted.price ?? wanted.amount,
    currency: record.row.books_currency,
    terms: wanted.terms,
    invoiceId: null,
    reference: wanted.reference,
    reason: null,
    at: now,
  };
}

function descriptionOf({ state, record }: ShownWallet, { amount }: Pick<TopUpRecord, 'amount'>): string {
  const what =
    state.currency === null ? `${decimalText(amount)} ${state.unit}` : `${decimalText(amount)} ${state.currency}`;
  return `Prepaid credit for ${record.name}: ${what}`.slice(0, 200);
}

/** The first instant of the customer's calendar month. */
function startOfMonth(at: Date, { timeZone }: CustomerEntity): Date {
  return instantOfLocal(`${localTimeOf(at, timeZone).date.slice(0, 7)}-01`, 0, timeZone);
}

/** The number of the schedule's period of now where it has its top-up, else of one before. */
function lastPeriodOf(made: readonly TopUpRecord[], rule: ReturnType<typeof toRule>, now: Date): number | null {
  if (rule.on === 'threshold') return null;
  const numbers = made
    .filter(({ trigger, at }) => trigger === 'schedule' && at <= now)
    .flatMap(({ at }) => schedulePeriod(rule.every, at) ?? []);
  return numbers.length === 0 ? null : Math.max(...numbers);
}

function refuseArchived({ record }: ShownWallet): void {
  if (record.archivedAt === null) return;
  throw new ConflictError(
    'wallet_archived',
    `The wallet '${record.row.key}' is archived. Make another one for new credit.`,
  );
}

function refuseInvalid({ record, state }: ShownWallet, { amount, price, terms }: NewTopUp): void {
  const currency = record.row.books_currency;
  const digits = minorUnitDecimals(currency);
  if (price === null && state.currency === null) refuse('price', 'is needed for units');
  if ((price ?? amount).decimalPlaces() > digits)
    refuse('price', `must have at most ${digits} decimals, as ${currency} has`);
  if (price !== null && state.currency !== null && price.greaterThan(amount)) {
    refuse('price', 'must not be above the amount: credit in money costs at most its face');
  }
  if (terms.rolloverLimit !== null && terms.expiresAfterDays === null)
    refuse('rolloverLimit', 'is for credit that expires');
}

function refuse(field: string, detail: string): never {
  throw new InvalidRequestError('invalid_top_up', `${field}: ${detail}`, [{ field, detail }]);
}

function sameOrConflict(stored: TopUpRecord, wanted: NewTopUp): TopUpRecord {
  const same = stored.amount.equals(wanted.amount) && stored.price.equals(wanted.price ?? wanted.amount);
  if (same) return stored;
  throw new ConflictError(
    'top_up_exists',
    `The wallet has a top-up '${wanted.reference}' that says something else. Give the new one another reference.`,
    [{ field: 'reference', detail: 'is taken by another top-up' }],
  );
}
