import type { EntityManager } from 'typeorm';
import { fromStoredCharge, type StoredCharge } from '../charge-storage';
import type { Charge } from '../domain';
import type { MeterEntity } from './meter.entity';

/** A price that needs a meter. */
export interface MeterUse {
  readonly plan: string;
  /** Null in a draft, which is looked at again when it is published. */
  readonly version: number | null;
  readonly price: string;
  readonly charge: Charge;
  /** Whether it charges the meter's usage, not only looks at its cost. */
  readonly charges: boolean;
}

/** The prices of all plan versions that need a meter, newest plans first. */
export async function pricesOn(db: EntityManager, meter: MeterEntity): Promise<MeterUse[]> {
  const found = await db.query<(Omit<MeterUse, 'charge'> & { charge: StoredCharge })[]>(
    `SELECT plan.key AS plan, CASE WHEN plan.status <> 'draft' THEN plan.version END AS version, price.key AS price,
            price.charge, COALESCE(price.meter_id = $2, false) AS charges
       FROM price JOIN plan ON (plan.organisation_id, plan.id) = (price.organisation_id, price.plan_id)
      WHERE price.organisation_id = $1 AND (price.meter_id = $2 OR price.charge -> 'costFloor' ->> 'meter' = $3)
      ORDER BY plan.id DESC, price.position`,
    [meter.organisationId, meter.id, meter.key],
  );
  return found.map(({ charge, ...use }) => ({ ...use, charge: fromStoredCharge(charge) }));
}
