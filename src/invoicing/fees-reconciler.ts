import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../access';
import type { SubscriptionWithPlan } from '../customers';
import type { DraftLine } from './domain';

/** A subscription, and the instant up to which fee periods that begin are billed. */
export interface FeesToReconcile {
  readonly about: SubscriptionWithPlan;
  readonly asOf: Date;
}

/** Finds what of fees in advance isn't billed yet, or too much of it. Writes nothing. */
@Injectable()
export class FeesReconciler {
  /** @returns by the subscription's uuid; an entry for each that was asked for */
  // eslint-disable-next-line @typescript-eslint/require-await -- it reads what was billed, soon
  async linesFor(
    _db: EntityManager,
    _tenant: Tenant,
    abouts: readonly FeesToReconcile[],
  ): Promise<ReadonlyMap<string, readonly DraftLine[]>> {
    return new Map(abouts.map(({ about }) => [about.subscription.id, []]));
  }
}
