import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lets a meter change: its definitions become revisions, each with sums of its own, filled from the stored events while
 * ingest goes on. Released meters become their own first revision, ready, with their sums where they are.
 *
 * Also lets requests write usage, within their organisation: events that stop or start counting change it.
 *
 * Safe under traffic: it touches the small table of meters only. Reverting keeps each meter's current definition and
 * its usage; what other revisions counted is lost, and what is still being filled stays as it is. Stop every process
 * and let one of the release before fold what is pending first.
 */
export class AddMeterRevisions1795312850000 implements MigrationInterface {
  readonly name = 'AddMeterRevisions1795312850000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE meter
        -- The revision whose definition stands in this row, and under which id its sums and samples are kept.
        ADD COLUMN revision int NOT NULL DEFAULT 1 CHECK (revision > 0),
        ADD COLUMN usage_id uuid,
        -- filling: not every event of before is counted yet.
        ADD COLUMN status text NOT NULL DEFAULT 'ready' CHECK (status IN ('filling', 'ready')),
        -- Since when it counts no more.
        ADD COLUMN archived_at timestamptz;
      UPDATE meter SET usage_id = id;
      ALTER TABLE meter ALTER usage_id SET NOT NULL, ALTER revision DROP DEFAULT, ALTER status DROP DEFAULT;
      GRANT UPDATE ON meter TO weir_app;

      CREATE TABLE meter_revision (
        organisation_id uuid NOT NULL,
        meter_id uuid NOT NULL,
        revision int NOT NULL CHECK (revision > 0),
        -- What its sums and samples are kept under, in the place of the meter's id.
        usage_id uuid NOT NULL UNIQUE,
        -- Event type, aggregation, value, filters and groups. What it may say is the catalog's rule.
        definition jsonb NOT NULL,
        -- filling: counts new events and, page by page, those of before. ready: has counted all. retired: counts no more.
        status text NOT NULL CHECK (status IN ('filling', 'ready', 'retired')),
        -- Events of this batch and later ones were counted as they came; the fill counts those of earlier batches.
        counts_from_batch bigint NOT NULL,
        -- The last event the fill has looked at, in the order of these three, and how many of about how many.
        filled_customer uuid,
        filled_time timestamptz,
        filled_key uuid,
        events_filled bigint NOT NULL DEFAULT 0 CHECK (events_filled >= 0),
        events_to_fill bigint CHECK (events_to_fill >= 0),
        -- Set when the fill has looked at every event.
        filled_at timestamptz,
        -- From this batch on it is what the meter says, until a later revision is. NULL: it never was.
        current_from_batch bigint,
        -- It counted events of earlier batches only.
        retired_at_batch bigint,
        -- When its sums and samples were deleted, once a later revision had taken its place.
        usage_removed_at timestamptz,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, meter_id, revision),
        FOREIGN KEY (organisation_id, meter_id) REFERENCES meter (organisation_id, id),
        CHECK ((filled_customer IS NULL) = (filled_time IS NULL) AND (filled_customer IS NULL) = (filled_key IS NULL)),
        CHECK (status <> 'ready' OR (filled_at IS NOT NULL AND current_from_batch IS NOT NULL)),
        CHECK ((status = 'retired') = (retired_at_batch IS NOT NULL))
      );
      -- A meter has at most one revision that is being filled, and one that is full.
      CREATE UNIQUE INDEX meter_revision_filling ON meter_revision (organisation_id, meter_id) WHERE status = 'filling';
      CREATE UNIQUE INDEX meter_revision_ready ON meter_revision (organisation_id, meter_id) WHERE status = 'ready';
      ALTER TABLE meter_revision ENABLE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON meter_revision
        USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
      GRANT SELECT, INSERT, UPDATE ON meter_revision TO weir_app;

      INSERT INTO meter_revision (organisation_id, meter_id, revision, usage_id, definition, status, counts_from_batch,
                                  filled_at, current_from_batch, created_at)
      SELECT organisation_id, id, 1, id,
             jsonb_build_object('eventType', event_type, 'aggregation', aggregation, 'valueField', value_field, 'timeUnit', time_unit,
                                'filters', filters, 'groupBy', to_jsonb(group_by)),
             'ready', 0, created_at, 0, created_at
        FROM meter;

      GRANT INSERT, UPDATE ON usage_pending TO weir_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      REVOKE INSERT, UPDATE ON usage_pending FROM weir_app;

      -- Sums and samples go back under the meter's own id, which an earlier revision may have used.
      DELETE FROM usage USING meter WHERE usage.meter_id = meter.id AND meter.usage_id <> meter.id;
      UPDATE usage SET meter_id = meter.id FROM meter WHERE usage.meter_id = meter.usage_id AND meter.usage_id <> meter.id;
      DELETE FROM usage USING meter_revision AS other
       WHERE usage.meter_id = other.usage_id AND other.usage_id <> other.meter_id;
      DELETE FROM meter_sample AS sample USING meter WHERE sample.meter_id = meter.id AND meter.usage_id <> meter.id;
      UPDATE meter_sample AS sample SET meter_id = meter.id FROM meter
       WHERE sample.meter_id = meter.usage_id AND meter.usage_id <> meter.id;
      DELETE FROM meter_sample AS sample USING meter_revision AS other
       WHERE sample.meter_id = other.usage_id AND other.usage_id <> other.meter_id;

      DROP TABLE meter_revision;
      REVOKE UPDATE ON meter FROM weir_app;
      ALTER TABLE meter DROP COLUMN revision, DROP COLUMN usage_id, DROP COLUMN status, DROP COLUMN archived_at;
    `);
  }
}
