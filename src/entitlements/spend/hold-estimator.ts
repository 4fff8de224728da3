import { Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import { InvariantError, type Micros } from '../../kernel';
import type { WorkScope } from '../domain';
import type { EntitlementRules } from '../rules';
import type { Estimate, Estimated } from './estimate';

/** Turns what a request says of its work into amounts to hold. It stands in the way of each hold. */
@Injectable()
export class HoldEstimator {
  /**
   * @param rules by which the hold is decided, so that wallets and currencies are theirs
   * @param at    by the customer's clock
   * @returns     at once where amounts are said; else once prices, usage and history are at hand
   * @throws      InvalidRequestError `invalid_hold` for a meter that there isn't
   */
  estimate(
    _tenant: Tenant,
    _rules: EntitlementRules,
    _scope: WorkScope,
    _estimate: Estimate,
    _at: Micros,
  ): Estimated | Promise<Estimated> {
    throw new InvariantError('not yet');
  }
}
