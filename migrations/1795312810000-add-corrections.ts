import type { MigrationInterface, QueryRunner } from 'typeorm';

/** New tables of one organisation's rows, with what the application role may do to them. */
const TENANT_TABLES: Readonly<Record<string, string>> = {
  event_void: 'SELECT, INSERT',
  event_cost: 'SELECT, INSERT',
  audit_entry: 'SELECT, INSERT',
  pending_pricing: 'SELECT, INSERT, UPDATE',
  recosting: 'SELECT, INSERT, UPDATE',
};
/** Records that are only ever added to. */
const IMMUTABLE = ['event_void', 'event_cost', 'audit_entry'];

/**
 * Adds corrections: records that end an event or give it another cost, the view of events as they stand now, jobs that
 * write such costs, and the audit log.
 *
 * Safe under traffic: it creates, and builds one partial index over the events whose cost is pending, which are few.
 * Reverting forgets every correction: what was voided would count again for whoever counts from the events.
 */
export class AddCorrections1795312810000 implements MigrationInterface {
  readonly name = 'AddCorrections1795312810000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(RECORDS);
    await db.query(EVENT_NOW);
    await db.query(JOBS);
    await db.query(AUDIT);
    await db.query(BACKFILL);
    for (const [table, rights] of Object.entries(TENANT_TABLES)) {
      await db.query(`
        ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON ${table}
          USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
        GRANT ${rights} ON ${table} TO weir_app;
      `);
    }
    for (const table of IMMUTABLE) {
      await db.query(
        `CREATE TRIGGER ${table}_immutable BEFORE UPDATE OR DELETE ON ${table}
           FOR EACH ROW EXECUTE FUNCTION weir_refuse_change()`,
      );
    }
    await db.query(`
      GRANT SELECT ON event_now TO weir_app;
      -- A correction belongs to the request that asks for it, and so to its transaction: the next revision of an event,
      -- and what it changes in the sums.
      GRANT INSERT ON event, usage_pending TO weir_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      REVOKE INSERT ON event, usage_pending FROM weir_app;
      DROP VIEW event_now;
      DROP INDEX event_pending;
      DROP TABLE event_void, event_cost, audit_entry, pending_pricing, recosting;
      DELETE FROM api_key WHERE scopes = ARRAY['backfill'];
      UPDATE api_key SET scopes = array_remove(scopes, 'backfill') WHERE 'backfill' = ANY (scopes);
      ALTER TABLE api_key DROP CONSTRAINT api_key_scopes_check,
        ADD CONSTRAINT api_key_scopes_check
          CHECK (scopes <@ ARRAY['ingest', 'read', 'manage'] AND cardinality(scopes) > 0);
    `);
  }
}

const RECORDS = `
  -- What ends a revision of an event: it was voided, or another revision took its place.
  CREATE TABLE event_void (
    organisation_id uuid NOT NULL REFERENCES organisation,
    event_key uuid NOT NULL REFERENCES event (key),
    -- The key of revision 0, which all revisions of an event have in common.
    identity_key uuid NOT NULL,
    -- From this number on it does not count; what was fixed before it (an invoice) still has it.
    batch bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('void', 'amendment')),
    change_id uuid NOT NULL,
    reason text NOT NULL,
    -- Who asked for it; the name as it was then.
    api_key_id uuid,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    -- The answer it was given, as JSON, so that a repeat gets the same. Text, because it is read back whole.
    answer text NOT NULL,
    PRIMARY KEY (organisation_id, event_key)
  );
  CREATE INDEX event_void_identity ON event_void (organisation_id, identity_key);

  -- A cost that was found out after the event was stored. The one with the highest batch counts.
  CREATE TABLE event_cost (
    organisation_id uuid NOT NULL REFERENCES organisation,
    event_key uuid NOT NULL REFERENCES event (key),
    batch bigint NOT NULL,
    cost numeric,
    cost_status "char" NOT NULL,
    model_price_id int,
    cost_breakdown text,
    -- Which job wrote it: a re-costing, or one turn of pricing what was pending.
    change_id uuid NOT NULL,
    reason text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, event_key, batch)
  );

  -- Events that wait for a price, to be found without looking at the others. An ordinary event is in neither.
  CREATE INDEX event_pending ON event (organisation_id, key) WHERE cost_status = 'u';
  CREATE INDEX event_cost_pending ON event_cost (organisation_id, event_key) WHERE cost_status = 'u';
`;

/**
 * The two joins are written so that PostgreSQL may choose: with few corrections it hashes them once, with many it looks
 * up those of the events at hand.
 */
const EVENT_NOW = `
  CREATE VIEW event_now WITH (security_invoker = true) AS
  SELECT e.key, e.organisation_id, e.batch, e.customer_id, e.time, e.time_given, e.received_at, e.type, e.source, e.id,
         e.session, e.task, e.agent, e.feature, e.department, e."user", e.parent, e.step, e.provider, e.model, e.revision,
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
   WHERE NOT EXISTS (SELECT FROM event_void AS v WHERE v.organisation_id = e.organisation_id AND v.event_key = e.key);
`;

const JOBS = `
  -- How far the pricing of pending events has come, one row for an organisation.
  CREATE TABLE pending_pricing (
    organisation_id uuid NOT NULL PRIMARY KEY REFERENCES organisation,
    -- The books it prices by: when the organisation's revision is another one, it starts again.
    revision bigint NOT NULL,
    -- The last event that was looked at; NULL when it has looked at all.
    position uuid,
    change_id uuid NOT NULL,
    looked_at bigint NOT NULL,
    priced bigint NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz
  );

  CREATE TABLE recosting (
    organisation_id uuid NOT NULL REFERENCES organisation,
    id uuid NOT NULL UNIQUE,
    status text NOT NULL CHECK (status IN ('previewing', 'previewed', 'applying', 'applied', 'stopped')),
    reason text NOT NULL,
    -- What it is about: events of [from, to), narrowed by what is given.
    from_time timestamptz NOT NULL,
    to_time timestamptz NOT NULL CHECK (to_time > from_time),
    customer_id uuid,
    provider text,
    model text,
    -- The books it was previewed by, and the last batch it was previewed for: only that is ever applied.
    revision bigint NOT NULL,
    through_batch bigint NOT NULL,
    -- Where the preview or the writing stands: everything before this instant, and at it up to this key.
    position_time timestamptz NOT NULL,
    position_key uuid NOT NULL,
    events bigint NOT NULL DEFAULT 0,
    changed bigint NOT NULL DEFAULT 0,
    cost_before numeric NOT NULL DEFAULT 0,
    cost_after numeric NOT NULL DEFAULT 0,
    pending_before bigint NOT NULL DEFAULT 0,
    pending_after bigint NOT NULL DEFAULT 0,
    invoice_ids uuid[] NOT NULL DEFAULT '{}',
    -- Written so far, and left out because the event was corrected after the preview.
    applied bigint NOT NULL DEFAULT 0,
    skipped bigint NOT NULL DEFAULT 0,
    -- Why it was stopped, for a person to read.
    stopped_reason text,
    api_key_id uuid,
    made_by text NOT NULL,
    created_at timestamptz NOT NULL,
    apply_by text,
    applied_at timestamptz,
    PRIMARY KEY (organisation_id, id)
  );
  CREATE INDEX recosting_running ON recosting (organisation_id, id) WHERE status IN ('previewing', 'applying');
`;

const AUDIT = `
  CREATE TABLE audit_entry (
    organisation_id uuid NOT NULL REFERENCES organisation,
    id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    -- The key that asked, and its name as it was then; without a key it was Weir itself.
    api_key_id uuid,
    actor text NOT NULL,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    reason text,
    before jsonb,
    after jsonb,
    request_id text,
    PRIMARY KEY (organisation_id, id)
  );
  CREATE INDEX audit_entry_subject ON audit_entry (organisation_id, subject_kind, subject_id, id);
  CREATE INDEX audit_entry_action ON audit_entry (organisation_id, action, id);
`;

const BACKFILL = `
  ALTER TABLE api_key DROP CONSTRAINT api_key_scopes_check,
    ADD CONSTRAINT api_key_scopes_check
      CHECK (scopes <@ ARRAY['ingest', 'read', 'manage', 'backfill'] AND cardinality(scopes) > 0);
`;
