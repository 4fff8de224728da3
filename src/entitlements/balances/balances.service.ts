import { Inject, Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import type { Tenant } from '../../access';
import { MeterEntity } from '../../catalog';
import { type CustomerEntity, CustomersService } from '../../customers';
import { Clock, Decimal, sum, ZERO } from '../../kernel';
import { Database } from '../../platform/database';
import { type ShownWallet, WalletsService } from '../../wallet';
import { ScopeFactsService } from '../caps/scope-facts.service';
import { CountingService } from '../counting/counting.service';
import { currentRules } from '../current-rules';
import { EntitlementBooks } from '../entitlement-books';
import { type AllowanceLeft, ChargedSoFar } from '../spend/charged-so-far';
import { type CapBalance, capBalances } from './cap-balances';
import { heldUnits } from './held-units';

const MOST_WALLETS = 100;

/** An allowance with what holds have set aside of it. */
export interface AllowanceBalance extends AllowanceLeft {
  readonly held: Decimal;
  /** Not below zero. */
  readonly available: Decimal;
}

/** Everything that a customer has left. */
export interface Balances {
  readonly customer: CustomerEntity;
  /** By the customer's clock. */
  readonly at: Date;
  readonly allowances: readonly AllowanceBalance[];
  /** Why some allowances can't be told; null where all are. */
  readonly allowancesUnknown: string | null;
  readonly wallets: readonly ShownWallet[];
  readonly caps: readonly CapBalance[];
  /** Keys of the meters that are named, by uuid. */
  readonly meters: ReadonlyMap<string, string>;
}

/** What is left of a customer's allowances, wallets and caps: one question, one answer. */
@Injectable()
export class BalancesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(CountingService) private readonly counting: CountingService,
    @Inject(ChargedSoFar) private readonly charged: ChargedSoFar,
    @Inject(WalletsService) private readonly wallets: WalletsService,
    @Inject(EntitlementBooks) private readonly books: EntitlementBooks,
    @Inject(ScopeFactsService) private readonly facts: ScopeFactsService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Counts what was accepted before it was asked, so that the answer has it. @param reference our id or the key @throws NotFoundError */
  async of(tenant: Tenant, reference: string): Promise<Balances> {
    const { organisationId } = tenant;
    const customer = await this.customers.find(tenant, reference);
    await this.counting.now(organisationId);
    const at = await this.customers.nowFor(tenant, customer);
    const plans = await this.charged.allowances(tenant, customer.id, at);
    const wallets = await this.wallets.list(tenant, customer.id, null, MOST_WALLETS);

    return this.database.tenant(organisationId, async (db) => {
      const rules = await currentRules(db, this.books, organisationId);
      const facts = await this.facts.of(tenant, customer.id, rules);
      const caps = await capBalances(db, rules, customer.id, at, facts);
      const held = await heldUnits(db, organisationId, customer.id, this.clock.now());
      const meterIds = [...caps.flatMap(({ cap }) => cap.meterId ?? []), ...plans.allowances.flatMap((each) => [...each.meters.keys()])]; // prettier-ignore
      const meters = await db.findBy(MeterEntity, { id: In([...new Set(meterIds)]) });
      return {
        customer,
        at,
        allowances: plans.allowances.map((allowance) => withHeld(allowance, held)),
        allowancesUnknown: plans.unknown,
        wallets,
        caps,
        meters: new Map(meters.map(({ id, key }) => [id, key])),
      };
    });
  }
}

/** Holds are for meters, not for prices: what is held of a meter is held of each allowance that its usage takes of. */
function withHeld(allowance: AllowanceLeft, heldOf: ReadonlyMap<string, Decimal>): AllowanceBalance {
  const held = sum([...allowance.meters].map(([id, weight]) => weight.times(heldOf.get(id) ?? ZERO)));
  const left = allowance.included.minus(allowance.used);
  return { ...allowance, held: Decimal.min(held, left), available: Decimal.max(left.minus(held), ZERO) };
}
