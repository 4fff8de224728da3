import { ConflictError, InvalidRequestError } from '../kernel';
import { type Meter, type MeterDefinition, meterProblems, meterUseProblems, sameDefinition } from './domain';
import type { MeterEntity } from './persistence/meter.entity';
import type { MeterUse } from './persistence/meter-uses';

export function refuseProblems(meter: Omit<Meter, 'id'>): void {
  const problems = meterProblems(meter);
  const first = problems[0];
  if (first !== undefined) throw new InvalidRequestError('invalid_meter', `${first.field}: ${first.detail}`, problems);
}

export function refuseArchived(meter: MeterEntity): void {
  if (meter.archivedAt === null) return;
  throw new ConflictError('meter_archived', `The meter '${meter.key}' is archived; make one with another key.`, [
    { field: 'key', detail: 'is that of an archived meter' },
  ]);
}

export function refuseOther(existing: MeterEntity, wanted: Omit<Meter, 'id'>): void {
  if (existing.name === wanted.name && sameDefinition(existing, wanted)) return;
  throw new ConflictError(
    'meter_exists',
    `There is a meter '${wanted.key}' that says something else. Change it with PUT /v1/meters/${wanted.key}, or make one with another key.`,
    [{ field: 'key', detail: 'is taken by another meter' }],
  );
}

export function refuseCharged([use]: readonly MeterUse[]): void {
  if (use === undefined) return;
  throw new ConflictError(
    'meter_in_use',
    `The price '${use.price}' of the plan '${use.plan}' charges what this meter counts. Only a meter without prices is archived.`,
  );
}

/** Invoices of a plan version go on as long as somebody has it, so what its prices need is there as long. */
export function refuseUnfit(meter: MeterEntity, wanted: MeterDefinition, uses: readonly MeterUse[]): void {
  for (const { plan, version, price, charge, charges } of uses) {
    const [problem] = charges && version !== null ? meterUseProblems(charge, wanted) : [];
    if (problem === undefined) continue;
    const field = problem.field.includes('imension') ? 'groupBy' : 'aggregation';
    const needs =
      field === 'groupBy'
        ? `needs it apart by ${groupsOf(meter, wanted)}`
        : `can’t charge the ${wanted.aggregation} of it`;
    throw new ConflictError(
      'meter_in_use',
      `The price '${price}' of version ${version} of the plan '${plan}' charges what this meter counts and ${needs}. Make another meter.`,
      [{ field, detail: `is needed by the price '${price}' of version ${version} of the plan '${plan}'` }],
    );
  }
}

function groupsOf(meter: MeterEntity, wanted: MeterDefinition): string {
  return meter.groupBy.filter((field) => !wanted.groupBy.includes(field)).join(', ');
}
