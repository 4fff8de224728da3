import { ConflictError, InvalidRequestError } from '../kernel';
import { type Meter, meterProblems, sameDefinition } from './domain';
import type { MeterEntity } from './persistence/meter.entity';

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
