import type { Decimal } from '../../kernel';
import { shown } from './shown';

/** A stretch of units in words: `up to 10`, `above 10 up to 20`, `above 20`, `all units`. */
export function band(from: Decimal, upTo: Decimal | null): string {
  if (upTo === null) return from.isZero() ? 'all units' : `above ${shown(from)}`;
  return from.isZero() ? `up to ${shown(upTo)}` : `above ${shown(from)} up to ${shown(upTo)}`;
}
