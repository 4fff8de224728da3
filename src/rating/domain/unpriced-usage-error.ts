import { decimalText, DomainError, type Decimal } from '../../kernel';

/**
 * Usage of a period is in no cell of its price's matrix, and the matrix has no price for the rest. It would be given
 * away if it were taken for 0, so the period can't be rated until the customer has a version of the plan with a cell for it, or a fallback.
 */
export class UnpricedUsageError extends DomainError {
  readonly code = 'unpriced_usage';
  readonly kind = 'conflict';

  constructor(
    readonly quantity: Decimal,
    readonly group: string,
  ) {
    super(
      `The usage of ${group}, a quantity of ${decimalText(quantity)}, is in no cell of its price, which has no fallback. ` +
        'Add a cell or a fallback in a new version of the plan, and move its customers there.',
    );
  }
}
