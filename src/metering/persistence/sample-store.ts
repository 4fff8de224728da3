import { scaledText } from '../../kernel';
import { eventKeyToUuid } from '../../events';
import { BinaryRows, type Copy, type Queryable, uuidBytes } from '../../platform/database';
import type { MeterSample, UsageSums } from '../domain';

const COPY = `COPY meter_sample (organisation_id, meter_id, customer_id, dimensions, time, event_key, quantity, value)
  FROM STDIN (FORMAT binary)`;

/** The COPY that stores the samples of one group commit, in the transaction of its events; none when there are none. */
export function sampleCopies(sums: ReadonlyMap<string, UsageSums>): Copy[] {
  let rows: BinaryRows | null = null;
  for (const [organisationId, { samples }] of sums) {
    if (samples.length === 0) continue;
    rows ??= new BinaryRows();
    const organisation = uuidBytes(organisationId);
    for (const sample of samples) {
      rows.row(8);
      rows.uuid(organisation);
      rows.uuid(uuidBytes(sample.meterId));
      rows.uuid(uuidBytes(sample.customerId));
      rows.text(sample.dimensions);
      rows.timestamptz(sample.time);
      rows.uuidFromLatin1(sample.key);
      if (sample.quantity === null) rows.null();
      else rows.numeric(sample.quantity);
      rows.text(sample.value);
    }
  }
  return rows === null ? [] : [{ sql: COPY, data: rows.finish() }];
}

/** Stores samples of events that were accepted before. One that is there already stays: a repeat changes nothing. */
export async function addSamples(
  db: Queryable,
  organisationId: string,
  samples: readonly MeterSample[],
): Promise<void> {
  if (samples.length === 0) return;
  await db.query(
    `INSERT INTO meter_sample (organisation_id, meter_id, customer_id, dimensions, time, event_key, quantity, value)
     SELECT $1, meter_id, customer_id, dimensions, timestamptz '1970-01-01 00:00:00+00' + time * interval '1 microsecond',
            event_key, quantity, value
       FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::uuid[], $7::numeric[], $8::text[])
         AS s (meter_id, customer_id, dimensions, time, event_key, quantity, value)
     ON CONFLICT DO NOTHING`,
    [
      organisationId,
      samples.map((sample) => sample.meterId),
      samples.map((sample) => sample.customerId),
      samples.map((sample) => sample.dimensions),
      samples.map((sample) => sample.time),
      samples.map((sample) => eventKeyToUuid(sample.key)),
      samples.map((sample) => (sample.quantity === null ? null : scaledText(sample.quantity))),
      samples.map((sample) => sample.value),
    ],
  );
}

/** Takes away the samples of events that no longer count. Give each as it was stored: it is found by its whole key. */
export async function removeSamples(
  db: Queryable,
  organisationId: string,
  samples: readonly MeterSample[],
): Promise<void> {
  if (samples.length === 0) return;
  await db.query(
    `DELETE FROM meter_sample AS stored
      USING unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::uuid[])
         AS gone (meter_id, customer_id, dimensions, time, event_key)
      WHERE stored.organisation_id = $1 AND stored.meter_id = gone.meter_id AND stored.customer_id = gone.customer_id
        AND stored.dimensions = gone.dimensions
        AND stored.time = timestamptz '1970-01-01 00:00:00+00' + gone.time * interval '1 microsecond'
        AND stored.event_key = gone.event_key`,
    [
      organisationId,
      samples.map((sample) => sample.meterId),
      samples.map((sample) => sample.customerId),
      samples.map((sample) => sample.dimensions),
      samples.map((sample) => sample.time),
      samples.map((sample) => eventKeyToUuid(sample.key)),
    ],
  );
}
