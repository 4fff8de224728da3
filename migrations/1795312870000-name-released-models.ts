import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Events of the first release have their provider's and model's names in `data` alone, the columns are newer. Here
 * `event_now` reads them from there, so that costs by model, and re-costings of one model, have those events too.
 *
 * Safe under traffic: no row is touched, so that an upgrade takes as long with many events as with few. Events accepted
 * from now on are told apart by their batch, and cost the view a comparison.
 */
export class NameReleasedModels1795312870000 implements MigrationInterface {
  readonly name = 'NameReleasedModels1795312870000';

  async up(db: QueryRunner): Promise<void> {
    const [{ last }] = (await db.query('SELECT last_value AS last FROM event_batch')) as [{ last: string }];
    await db.query(`
      -- Text at the top of a JSON text. None where any of it has an escape that PostgreSQL refuses to read.
      CREATE FUNCTION weir_name_in(data text, field text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE WHEN data !~* '\\\\u(0000|d[89a-f])' THEN
                 CASE WHEN json_typeof(data::json -> field) = 'string' THEN nullif(data::json ->> field, '') END
               END
      $$;
    `);
    const nameIn = (field: string): string =>
      `CASE WHEN e.${field} IS NULL AND e.batch <= ${Number(last)} THEN weir_name_in(e.data, '${field}') ELSE e.${field} END AS ${field}`;
    await db.query(eventNow(nameIn('provider'), nameIn('model')));
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(eventNow('e.provider', 'e.model'));
    await db.query('DROP FUNCTION weir_name_in');
  }
}

function eventNow(provider: string, model: string): string {
  return `
    CREATE OR REPLACE VIEW event_now WITH (security_invoker = true) AS
    SELECT e.key, e.organisation_id, e.batch, e.customer_id, e.time, e.time_given, e.received_at, e.type, e.source, e.id,
           e.session, e.task, e.agent, e.feature, e.department, e."user", e.parent, e.step, ${provider}, ${model}, e.revision,
           CASE WHEN c.event_key IS NULL THEN e.cost ELSE c.cost END AS cost,
           CASE WHEN c.event_key IS NULL THEN e.cost_status ELSE c.cost_status END AS cost_status,
           CASE WHEN c.event_key IS NULL THEN e.model_price_id ELSE c.model_price_id END AS model_price_id,
           CASE WHEN c.event_key IS NULL THEN e.cost_breakdown ELSE c.cost_breakdown END AS cost_breakdown,
           e.reported_cost, e.reported_currency, e.data
      FROM event AS e
      LEFT JOIN event_cost AS c
        ON c.organisation_id = e.organisation_id AND c.event_key = e.key
           AND NOT EXISTS (SELECT FROM event_cost AS later
                 WHERE later.organisation_id = c.organisation_id AND later.event_key = c.event_key AND later.batch > c.batch)
     WHERE NOT EXISTS (SELECT FROM event_void AS v WHERE v.organisation_id = e.organisation_id AND v.event_key = e.key)`;
}
