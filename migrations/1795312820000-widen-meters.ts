import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Widens meters by the aggregations that no sum can tell (smallest, largest, last, different values, value times time) and
 * keeps the values they are told from, one row for each event and meter.
 *
 * Safe under traffic: constraints of a table of some hundred rows, and a new table.
 */
export class WidenMeters1795312820000 implements MigrationInterface {
  readonly name = 'WidenMeters1795312820000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE meter
        DROP CONSTRAINT meter_aggregation_check,
        DROP CONSTRAINT meter_check,
        ADD COLUMN time_unit text,
        ADD CONSTRAINT meter_aggregation_check CHECK
          (aggregation IN ('count', 'sum', 'average', 'min', 'max', 'latest', 'unique', 'time_weighted')),
        ADD CONSTRAINT meter_value_field_check CHECK ((aggregation = 'count') = (value_field IS NULL)),
        ADD CONSTRAINT meter_time_unit_check CHECK
          (time_unit IN ('second', 'minute', 'hour', 'day') AND aggregation = 'time_weighted'
           OR time_unit IS NULL AND aggregation <> 'time_weighted');

      CREATE TABLE meter_sample (
        organisation_id uuid NOT NULL,
        meter_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        -- As in "usage". Collation "C": it is only compared for being equal, and found quickly.
        dimensions text COLLATE "C" NOT NULL,
        time timestamptz NOT NULL,
        event_key uuid NOT NULL,
        -- One of the two: the number, or for a unique count the value as JSON.
        quantity numeric,
        value text CHECK ((value IS NULL) = (quantity IS NOT NULL)),
        -- The samples of one series (customer and group) lie beside each other in the order of their time.
        PRIMARY KEY (organisation_id, meter_id, customer_id, dimensions, time, event_key)
      );
      ALTER TABLE meter_sample ENABLE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON meter_sample
        USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
      GRANT SELECT, INSERT, DELETE ON meter_sample TO weir_app;

      -- One of the values in "dimensions", as JSON text: '"chat"', or 'null' for none. JSON has texts that PostgreSQL's
      -- doesn't (NUL, halves of a pair of surrogates, both written as escapes): these keep their escape, as plain text.
      CREATE FUNCTION weir_dimension(dimensions text, place int) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN ((CASE WHEN dimensions ~ '\\\\u(0000|d[89a-f])'
                      THEN regexp_replace(dimensions, '(?<!\\\\)((?:\\\\\\\\)*)\\\\u(?=0000|d[89a-f])', '\\1\\\\\\\\u', 'g')
                      ELSE dimensions END)::json -> place)::text;
    `);
  }

  /** Only before a meter of the new kinds is made: there is no narrower form of it. */
  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP FUNCTION weir_dimension(text, int);
      DROP TABLE meter_sample;
      ALTER TABLE meter
        DROP CONSTRAINT meter_aggregation_check,
        DROP CONSTRAINT meter_value_field_check,
        DROP CONSTRAINT meter_time_unit_check,
        DROP COLUMN time_unit,
        ADD CONSTRAINT meter_aggregation_check CHECK (aggregation IN ('count', 'sum')),
        ADD CONSTRAINT meter_check CHECK ((aggregation = 'sum') = (value_field IS NOT NULL));
    `);
  }
}
