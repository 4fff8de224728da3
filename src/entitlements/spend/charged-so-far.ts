import { Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import type { Meter } from '../../catalog/domain';
import type { Queryable } from '../../platform/database';
import type { PendingGroup } from '../domain';
import { type Currency, type Decimal, type Micros, InvariantError } from '../../kernel';

/** What one charge of a billing period that isn't finalized comes to so far, unrounded, after allowances and tiers. */
export interface ChargeSoFar {
  readonly customerId: string;
  readonly subscriptionId: string;
  readonly periodIndex: number;
  /** The price's key. */
  readonly charge: string;
  readonly meterId: string;
  /** Meters whose usage changes it too: of prices that leave units to this one, or draw on the same pool. */
  readonly otherMeterIds: readonly string[];
  readonly currency: Currency;
  /** Of usage alone: no fee, before discounts, minimums and taxes; at most 24 decimals. */
  readonly amount: Decimal;
  /** What it is for, in the meter's unit; for a margin on costs, the cost. */
  readonly quantity: Decimal;
  /** Whether it grows with what events cost us instead of with the meter. */
  readonly byCost: boolean;
}

/** A billing period all of whose charges for usage were told. */
export interface PeriodSoFar {
  readonly customerId: string;
  readonly subscriptionId: string;
  readonly periodIndex: number;
  readonly start: Micros;
  readonly end: Micros;
}

/** What customers' open periods come to, or why that can't be told. */
export interface RatedCustomers {
  readonly charges: readonly ChargeSoFar[];
  /** Those that were rated: what was charged in them and isn't among the charges any more is charged no more. */
  readonly periods: readonly PeriodSoFar[];
  /** Customer to the reason, for people. What could be rated of theirs is told all the same. */
  readonly unknown: ReadonlyMap<string, string>;
  /** What happened in the periods of those who are rated for the first time, to say what was charged for it. */
  readonly before?: readonly PendingGroup[] | undefined;
}

/** Usage of one meter that hasn't happened. */
export interface VirtualUnits {
  readonly meter: Pick<Meter, 'aggregation' | 'groupBy'>;
  readonly quantity: Decimal;
  /** The values of the fields that the meter is grouped by, in their order. */
  readonly values: readonly (string | null)[];
}

/** An event that hasn't happened: what it would be charged on top of what is there. */
export interface VirtualUsage {
  readonly customerId: string;
  readonly at: Micros;
  /** By the meter's uuid. */
  readonly units: ReadonlyMap<string, VirtualUnits>;
  /** What it would cost us; null while unknown. */
  readonly cost: Decimal | null;
}

/** Units that a plan includes in an open billing period, of one price or of a pool that several draw on. */
export interface AllowanceLeft {
  readonly subscriptionId: string;
  readonly kind: 'allowance' | 'pool';
  /** The price's, or the pool's. */
  readonly key: string;
  readonly name: string;
  /** Whose usage takes of it: by the meter's uuid, how much one of its units takes. */
  readonly meters: ReadonlyMap<string, Decimal>;
  readonly included: Decimal;
  /** Never more than `included`. */
  readonly used: Decimal;
  /** When there is a new one. */
  readonly resetsAt: Date;
}

/** What a customer's plans include at an instant. */
export interface AllowancesLeft {
  readonly allowances: readonly AllowanceLeft[];
  /** Why some can't be told, for people; null where all are. */
  readonly unknown: string | null;
}

/** A billing period of a subscription. */
export interface BilledPeriod {
  readonly subscriptionId: string;
  readonly index: number;
}

/** What the room that makes invoices tells of periods that it hasn't billed. */
export interface ChargesLookup {
  /** Of all periods of these customers that are not finalized, as of the caller's snapshot. One customer's failure is his. */
  soFar(tenant: Tenant, customerIds: readonly string[]): Promise<RatedCustomers>;
  /**
   * What usage would add, by currency; null where it can't be told. Reads, and holds no lock. Where a customer stands is
   * remembered for some seconds, since this is asked before each hold.
   */
  marginal(tenant: Tenant, usage: VirtualUsage): Promise<ReadonlyMap<Currency, Decimal> | null>;
  /** What plans include in the periods that an instant is in. @param at by the customer's clock */
  allowances(tenant: Tenant, customerId: string, at: Date): Promise<AllowancesLeft>;
  /**
   * Up to which batch of events the usage of these periods stands on finalized invoices, at their end or early; null for
   * those of which none does. In the order of the periods.
   */
  billedThrough(
    db: Queryable,
    organisationId: string,
    periods: readonly BilledPeriod[],
  ): Promise<readonly (number | null)[]>;
}

/** The way to invoicing, which is to the right of this room: it offers its lookup when it starts. */
@Injectable()
export class ChargedSoFar {
  private lookup: ChargesLookup | null = null;

  /** Called once by the room that makes invoices. */
  offer(lookup: ChargesLookup): void {
    this.lookup = lookup;
  }

  soFar(tenant: Tenant, customerIds: readonly string[]): Promise<RatedCustomers> {
    return this.offered().soFar(tenant, customerIds);
  }

  marginal(tenant: Tenant, usage: VirtualUsage): Promise<ReadonlyMap<Currency, Decimal> | null> {
    return this.offered().marginal(tenant, usage);
  }

  allowances(tenant: Tenant, customerId: string, at: Date): Promise<AllowancesLeft> {
    return this.offered().allowances(tenant, customerId, at);
  }

  billedThrough(
    db: Queryable,
    organisationId: string,
    periods: readonly BilledPeriod[],
  ): Promise<readonly (number | null)[]> {
    return this.offered().billedThrough(db, organisationId, periods);
  }

  private offered(): ChargesLookup {
    if (this.lookup === null) throw new InvariantError('invoicing offers its lookup when it starts');
    return this.lookup;
  }
}
