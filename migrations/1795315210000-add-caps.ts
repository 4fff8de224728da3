import type { MigrationInterface, QueryRunner } from 'typeorm';

/** New tables of one organisation's rows, with what the application role may do to them. */
const TENANT_TABLES: Readonly<Record<string, string>> = {
  entitlement_settings: 'SELECT, INSERT, UPDATE',
  cap: 'SELECT, INSERT, UPDATE',
  cap_raise: 'SELECT, INSERT',
  cap_counter: 'SELECT, INSERT, UPDATE, DELETE',
  entitlement_alert: 'SELECT, INSERT',
  hold: 'SELECT, INSERT, UPDATE',
  agent_session: 'SELECT, INSERT, UPDATE',
  entitlement_pending: 'SELECT, INSERT, DELETE',
};
const IMMUTABLE = ['cap_raise', 'entitlement_alert'];

/**
 * Adds caps with their counters, holds, the control of agents' sessions, alerts, and what ingest leaves to be counted.
 *
 * Safe under traffic: it only creates. Reverting forgets all of it; usage, costs and invoices stay.
 */
export class AddCaps1795315210000 implements MigrationInterface {
  readonly name = 'AddCaps1795315210000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE entitlement_settings (
        organisation_id uuid PRIMARY KEY REFERENCES organisation,
        -- Calendar periods of caps that are not one customer's begin at midnight there.
        time_zone text NOT NULL DEFAULT 'UTC',
        -- What is held for work whose price is not known; NULL: it is refused.
        unknown_price_amount numeric CHECK (unknown_price_amount > 0),
        default_ttl_seconds int NOT NULL DEFAULT 600 CHECK (default_ttl_seconds > 0),
        longest_ttl_seconds int NOT NULL DEFAULT 86400 CHECK (longest_ttl_seconds >= default_ttl_seconds),
        -- How likely a hold that was sized from history is too small.
        sizing_risk numeric NOT NULL DEFAULT 0.05 CHECK (sizing_risk > 0 AND sizing_risk < 1),
        -- What one process may let pass while the database is away, in the currency of costs, and in holds; NULL: nothing.
        away_amount numeric CHECK (away_amount > 0),
        away_holds int CHECK (away_holds > 0),
        changed_at timestamptz NOT NULL,
        CHECK ((away_amount IS NULL) = (away_holds IS NULL))
      );

      CREATE TABLE cap (
        organisation_id uuid NOT NULL REFERENCES organisation,
        id uuid NOT NULL,
        key text NOT NULL,
        name text NOT NULL,
        set_by text NOT NULL CHECK (set_by IN ('vendor', 'customer')),
        -- The customer it is for; NULL: everyone.
        customer_id uuid,
        -- Field of scope to its value, without the customer, and the fields of which each value has a counter of its own.
        scope jsonb NOT NULL,
        each_of text[] NOT NULL,
        measure text NOT NULL CHECK (measure IN ('cost', 'spend', 'units', 'actions')),
        currency char(3) CHECK ((currency IS NOT NULL) = (measure IN ('cost', 'spend'))),
        meter_id uuid CHECK ((meter_id IS NOT NULL) = (measure = 'units')),
        period text NOT NULL CHECK (period IN ('session', 'task', 'hour', 'day', 'week', 'month', 'billing_period', 'lifetime', 'rolling')),
        rolling_seconds int CHECK ((rolling_seconds IS NOT NULL) = (period = 'rolling') AND rolling_seconds BETWEEN 60 AND 31622400),
        kind text NOT NULL CHECK (kind IN ('hard', 'soft', 'downgrade', 'pause')),
        -- Cheaper models in the order in which they are offered.
        models text[] CHECK ((models IS NOT NULL) = (kind = 'downgrade') AND cardinality(models) > 0),
        limit_amount numeric NOT NULL CHECK (limit_amount >= 0),
        -- In per cent of the limit, ascending.
        thresholds numeric[] NOT NULL,
        forecast boolean NOT NULL,
        -- Ingest's batches from this number on are counted as they come; those before by the filling.
        from_batch bigint NOT NULL,
        -- NULL while what its running period had already is being counted; until then it refuses nothing.
        active_at timestamptz,
        -- When its counters were last held against events and holds.
        checked_at timestamptz,
        created_at timestamptz NOT NULL,
        archived_at timestamptz,
        PRIMARY KEY (organisation_id, id),
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer (organisation_id, id),
        FOREIGN KEY (organisation_id, meter_id) REFERENCES meter (organisation_id, id)
      );
      CREATE UNIQUE INDEX cap_key ON cap (organisation_id, key);
      CREATE INDEX cap_customer ON cap (organisation_id, customer_id) WHERE archived_at IS NULL;

      -- A higher limit for a while. The largest that is running counts.
      CREATE TABLE cap_raise (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        cap_id uuid NOT NULL,
        limit_amount numeric NOT NULL CHECK (limit_amount > 0),
        until timestamptz NOT NULL,
        approved_by text NOT NULL,
        reason text NOT NULL,
        made_by text NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, id),
        FOREIGN KEY (organisation_id, cap_id) REFERENCES cap (organisation_id, id)
      );
      CREATE INDEX cap_raise_cap ON cap_raise (organisation_id, cap_id, until);

      -- What a cap has counted in one period for one combination of values.
      CREATE TABLE cap_counter (
        -- A hash of the cap, its values and the period's start; so whoever needs a counter knows its key.
        id uuid PRIMARY KEY,
        organisation_id uuid NOT NULL,
        cap_id uuid NOT NULL,
        -- Values of the cap's "each" fields, in their order.
        each_values text[] NOT NULL,
        period_start timestamptz NOT NULL,
        -- NULL: it has no end that is known beforehand.
        period_end timestamptz,
        settled numeric NOT NULL DEFAULT 0,
        held numeric NOT NULL DEFAULT 0 CHECK (held >= 0),
        -- What was booked above what had been held; part of "settled".
        overrun numeric NOT NULL DEFAULT 0,
        -- Of a rolling window: [start of the bucket in seconds, amount] for each, the oldest first; "settled" is their sum.
        buckets jsonb,
        -- The largest threshold of which an alert told, in per cent of the limit; it spares looking for the alert.
        alerted numeric NOT NULL DEFAULT 0,
        FOREIGN KEY (organisation_id, cap_id) REFERENCES cap (organisation_id, id)
      ) WITH (fillfactor = 60);
      CREATE INDEX cap_counter_cap ON cap_counter (cap_id, period_start);

      CREATE TABLE entitlement_alert (
        organisation_id uuid NOT NULL REFERENCES organisation,
        id uuid NOT NULL,
        -- 'threshold', 'forecast', 'refused', 'overrun', 'drift', 'spend_unknown', 'loop', 'wallet_low', 'away', …
        kind text NOT NULL,
        -- What it tells once: another alert of the same kind and subject is the same.
        subject text NOT NULL,
        customer_id uuid,
        cap_id uuid,
        session text,
        detail jsonb NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, kind, subject),
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer (organisation_id, id),
        FOREIGN KEY (organisation_id, cap_id) REFERENCES cap (organisation_id, id)
      );

      -- Amounts, scope and wallets are JSON that nobody asks inside of while holds are made and ended, so it is text: it is
      -- read back as it was written. Reports cast it.
      CREATE TABLE hold (
        -- A hash of organisation and key where the sender gave a key, so that a repeat finds it.
        id uuid PRIMARY KEY,
        organisation_id uuid NOT NULL,
        -- Without a foreign key, as the customer of an event: looking it up would lock the busiest customer's row each time.
        customer_id uuid NOT NULL,
        key text,
        -- The first 16 bytes of a SHA-256 of what was asked.
        request_hash uuid NOT NULL,
        status text NOT NULL CHECK (status IN ('open', 'settled', 'released', 'expired', 'refused')),
        -- The hold it is a part of; then it has no counters of its own.
        parent_id uuid,
        -- Fields of scope to their values: feature, agent, session, task, department, user, model, subscription.
        scope text NOT NULL,
        task_class text,
        -- How likely it is too small, where it was sized from history.
        sized_risk numeric,
        -- Measures to amounts: {"cost": "0.1", "spend": {"USD": "0.2"}, "units": {"<meter id>": "10"}, "actions": "1"}.
        -- What is held now; what the settling said; what its events say; what is booked of both.
        held text NOT NULL,
        stated text,
        used text,
        booked text,
        -- How much of "held" its open children have, in the same form.
        split text NOT NULL,
        -- What it was at first, for reports.
        first_held text NOT NULL,
        counters uuid[] NOT NULL,
        -- Amounts held in wallets: {"<wallet id>": "0.2"}.
        wallets text NOT NULL,
        -- The answer that was given, as JSON: a repeat gets the same.
        answer text NOT NULL,
        -- The same of what ended it, with the hash of that request.
        end_hash uuid,
        end_answer text,
        -- Among: 'estimated', 'late', 'overrun', 'unknown_price', 'unchecked', 'partial'.
        flags text[] NOT NULL,
        asked_at timestamptz NOT NULL,
        -- The same by the customer's clock: whose periods it is in.
        counts_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz,
        -- How many of its events have a cost that isn't known yet; till then no less money is booked than "last_held", which
        -- is what it held itself when it ended, without its parts.
        pending_events int NOT NULL DEFAULT 0,
        last_held text
      ) WITH (fillfactor = 60);
      ALTER TABLE hold ALTER answer SET STORAGE EXTERNAL, ALTER end_answer SET STORAGE EXTERNAL;
      -- No column of an index changes when a hold ends, so that ending it touches no index (HOT).
      CREATE INDEX hold_expires ON hold (expires_at);
      CREATE INDEX hold_parent ON hold (parent_id) WHERE parent_id IS NOT NULL;
      CREATE INDEX hold_listed ON hold (organisation_id, customer_id, asked_at);
      CREATE INDEX hold_class ON hold (organisation_id, task_class, asked_at) WHERE task_class IS NOT NULL;

      -- Whether an agent's session may go on. A session without a row runs.
      CREATE TABLE agent_session (
        organisation_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        session text NOT NULL,
        state text NOT NULL CHECK (state IN ('running', 'throttled', 'paused', 'stopped')),
        reason text,
        -- What paused it: a cap whose raise lets it run again, or a finding.
        cap_id uuid,
        finding_id uuid,
        -- No hold is allowed before; for sessions that are throttled.
        next_at timestamptz,
        changed_by text NOT NULL,
        changed_at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, customer_id, session),
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer (organisation_id, id)
      );

      -- What commits of events, and corrections, leave to be counted against caps, holds and wallets. A row is counted
      -- once: whoever counts it deletes it in the same transaction.
      CREATE TABLE entitlement_pending (
        organisation_id uuid NOT NULL,
        id bigint GENERATED ALWAYS AS IDENTITY,
        batch bigint NOT NULL,
        -- JSON; see entitlements/domain/pending.ts. Text, because it is read back whole.
        summary text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (organisation_id, id)
      );
      ALTER TABLE entitlement_pending ALTER summary SET STORAGE EXTERNAL;
      ALTER TABLE entitlement_pending SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
    `);
    for (const table of IMMUTABLE) {
      await db.query(`
        CREATE TRIGGER ${table}_immutable BEFORE UPDATE OR DELETE ON ${table}
          FOR EACH ROW EXECUTE FUNCTION weir_refuse_change();
      `);
    }
    for (const [table, rights] of Object.entries(TENANT_TABLES)) {
      await db.query(`
        ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON ${table}
          USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
        GRANT ${rights} ON ${table} TO weir_app;
      `);
    }
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE ${Object.keys(TENANT_TABLES).reverse().join(', ')}`);
  }
}
