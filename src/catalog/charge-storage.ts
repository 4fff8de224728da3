import { ChargeSchema } from './charge-schema';
import type { Charge } from './domain';
import { type Plain, toPlain } from './plain';

/** A charge with its decimals as strings: how it is stored and how the API answers it. */
export type StoredCharge = Plain<Charge>;

export function toStoredCharge(charge: Charge): StoredCharge {
  return toPlain(charge);
}

/** @throws ZodError when what is stored is not a charge, which is a fault of ours */
export function fromStoredCharge(stored: StoredCharge): Charge {
  return ChargeSchema.parse(stored);
}
