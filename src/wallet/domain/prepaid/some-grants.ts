import { Decimal } from '../../../kernel';
import type { Grant, GrantKind } from './grant';

interface Change {
  readonly kind?: GrantKind;
  readonly priority?: number;
  readonly left?: string;
  readonly startsAt?: string;
  readonly expiresAt?: string | null;
  readonly features?: readonly string[] | null;
  readonly rolloverLimit?: string | null;
  readonly grantedAt?: string;
  readonly cost?: string | null;
}

/** A grant for specs: bought at its face on 1 January 2026, running since, for everything and for ever unless said. */
export function grant(id: string, amount: string, change: Change = {}): Grant {
  const grantedAt = new Date(change.grantedAt ?? '2026-01-01');
  const { rolloverLimit = null, expiresAt = null, cost = amount } = change;
  return {
    id,
    kind: change.kind ?? 'bought',
    amount: new Decimal(amount),
    left: new Decimal(change.left ?? amount),
    priority: change.priority ?? 10,
    startsAt: change.startsAt === undefined ? grantedAt : new Date(change.startsAt),
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
    features: change.features ?? null,
    rolloverLimit: rolloverLimit === null ? null : new Decimal(rolloverLimit),
    grantedAt,
    cost: cost === null ? null : { amount: new Decimal(cost), currency: 'USD' },
  };
}
