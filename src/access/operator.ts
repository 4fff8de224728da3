import { timingSafeEqual } from 'node:crypto';
import type { Settings } from '../platform/config';
import { hashApiKey, OperatorOnlyError } from './domain';

/**
 * Lets only the operator of the installation pass: whoever has the key in WEIR_OPERATOR_KEY. Without that setting nobody.
 *
 * @param authorization the request's header
 * @param deed          what only the operator may do, such as `make organisations`
 * @throws OperatorOnlyError
 */
export function refuseAllButOperator(
  settings: Pick<Settings, 'WEIR_OPERATOR_KEY'>,
  authorization: string | undefined,
  deed: string,
): void {
  const operatorKey = settings.WEIR_OPERATOR_KEY;
  // Hashes have one length, so the comparison takes the same time for every guess.
  const isOperator =
    operatorKey !== undefined &&
    authorization !== undefined &&
    timingSafeEqual(hashApiKey(authorization), hashApiKey(`Bearer ${operatorKey}`));
  if (!isOperator) throw new OperatorOnlyError(`Only the operator may ${deed}, with the key in WEIR_OPERATOR_KEY.`);
}
