import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables of one organisation's rows; each gets row-level security and the application role's rights. */
const TENANT_TABLES: Readonly<Record<string, string>> = {
  api_key: 'SELECT, INSERT, UPDATE',
  idempotency_key: 'SELECT, INSERT, UPDATE, DELETE',
  meter: 'SELECT, INSERT',
  plan: 'SELECT, INSERT',
  price: 'SELECT, INSERT',
  test_clock: 'SELECT, INSERT, UPDATE',
  customer: 'SELECT, INSERT, UPDATE',
  subscription: 'SELECT, INSERT, UPDATE',
  event: 'SELECT',
  usage: 'SELECT, INSERT, UPDATE',
  usage_pending: 'SELECT',
  invoice: 'SELECT, INSERT, UPDATE',
  invoice_line: 'SELECT, INSERT, UPDATE, DELETE',
};

/**
 * Creates Weir's first schema: organisations and their keys, catalog, customers, price book, events, usage and invoices.
 *
 * Two roles touch it. The owner (the user of the connection string) migrates, writes events and looks for work across
 * organisations. Everything a request reads or changes runs as `weir_app`, which owns nothing and cannot bypass
 * row-level security: without `weir.organisation` set in its transaction it sees no row.
 */
export class CreateFoundation1795305600000 implements MigrationInterface {
  readonly name = 'CreateFoundation1795305600000';

  async up(db: QueryRunner): Promise<void> {
    await this.createRole(db);
    await db.query(TENANCY);
    await db.query(ACCESS);
    await db.query(CATALOG);
    await db.query(CUSTOMERS);
    await db.query(PRICE_BOOK);
    await db.query(EVENTS);
    await db.query(INVOICES);
    await this.isolateTenants(db);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE invoice_line, invoice, usage_pending, usage, event, model_price, price_catalogue,
        subscription, customer, test_clock, price, plan, meter, idempotency_key, api_key, organisation CASCADE;
      DROP SEQUENCE event_batch;
      DROP FUNCTION weir_authenticate(bytea);
      DROP FUNCTION weir_organisation();
      DROP FUNCTION weir_refuse_change() CASCADE;
      DROP FUNCTION weir_guard_invoice() CASCADE;
      DROP FUNCTION weir_guard_invoice_line() CASCADE;
    `);
  }

  /** Roles belong to the whole cluster, so another database's migration may create this one at the same instant. */
  private async createRole(db: QueryRunner): Promise<void> {
    await db.query(`
      DO $$
      BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'weir_app') THEN
          CREATE ROLE weir_app NOLOGIN NOBYPASSRLS;
        END IF;
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END $$;
    `);
    // Tried rather than asked, since PostgreSQL 16 knows members who may not take a role. A grant where none is needed
    // would race with other databases' migrations, and may not be ours to give.
    await db.query(`
      DO $$
      BEGIN
        SET LOCAL ROLE weir_app;
        RESET ROLE;
      EXCEPTION WHEN insufficient_privilege THEN
        EXECUTE format('GRANT weir_app TO %I', current_user);
      END $$;
    `);
  }

  private async isolateTenants(db: QueryRunner): Promise<void> {
    for (const [table, rights] of Object.entries(TENANT_TABLES)) {
      await db.query(`
        ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON ${table}
          USING (organisation_id = weir_organisation()) WITH CHECK (organisation_id = weir_organisation());
        GRANT ${rights} ON ${table} TO weir_app;
      `);
    }
    await db.query(`
      ALTER TABLE organisation ENABLE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON organisation USING (id = weir_organisation()) WITH CHECK (id = weir_organisation());
      GRANT SELECT, UPDATE ON organisation TO weir_app;

      -- The public catalogue's rows belong to nobody and are everybody's to read.
      ALTER TABLE model_price ENABLE ROW LEVEL SECURITY;
      CREATE POLICY readable ON model_price FOR SELECT
        USING (organisation_id IS NULL OR organisation_id = weir_organisation());
      CREATE POLICY writable ON model_price FOR INSERT WITH CHECK (organisation_id = weir_organisation());
      GRANT SELECT, INSERT ON model_price TO weir_app;
      GRANT SELECT ON price_catalogue TO weir_app;
      GRANT USAGE ON SCHEMA public TO weir_app;
      GRANT USAGE ON SEQUENCE event_batch TO weir_app;
      GRANT EXECUTE ON FUNCTION weir_authenticate(bytea) TO weir_app;
    `);
  }
}

const TENANCY = `
  -- The organisation of the running transaction, or NULL. After a transaction that set it the setting is '' rather
  -- than missing, and '' must not be taken for an id.
  CREATE FUNCTION weir_organisation() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('weir.organisation', true), '')::uuid $$;

  CREATE FUNCTION weir_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION '% rows are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
  END $$;
`;

const ACCESS = `
  CREATE TABLE organisation (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    currency char(3) NOT NULL DEFAULT 'USD',
    -- Raised with every change of meters or own prices: ingest compares it with what it has in memory.
    catalog_revision bigint NOT NULL DEFAULT 1,
    invoices_numbered bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
  );

  CREATE TABLE api_key (
    organisation_id uuid NOT NULL REFERENCES organisation,
    id uuid NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL CHECK (scopes <@ ARRAY['ingest', 'read', 'manage'] AND cardinality(scopes) > 0),
    secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
    hint text NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (organisation_id, id)
  );

  -- A key must be looked up before its organisation is known; this is the only way past row-level security for requests.
  CREATE FUNCTION weir_authenticate(hash bytea)
    RETURNS TABLE (organisation_id uuid, api_key_id uuid, scopes text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT organisation_id, id, scopes FROM api_key WHERE secret_hash = hash AND revoked_at IS NULL $$;
  REVOKE ALL ON FUNCTION weir_authenticate(bytea) FROM PUBLIC;

  CREATE TABLE idempotency_key (
    organisation_id uuid NOT NULL REFERENCES organisation,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status int,
    body text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, key)
  );
`;

const CATALOG = `
  CREATE TABLE meter (
    organisation_id uuid NOT NULL REFERENCES organisation,
    id uuid NOT NULL UNIQUE,
    key text NOT NULL,
    name text NOT NULL,
    event_type text NOT NULL,
    aggregation text NOT NULL CHECK (aggregation IN ('count', 'sum')),
    value_field text CHECK ((aggregation = 'sum') = (value_field IS NOT NULL)),
    filters jsonb NOT NULL,
    group_by text[] NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, key)
  );

  CREATE TABLE plan (
    organisation_id uuid NOT NULL REFERENCES organisation,
    id uuid NOT NULL UNIQUE,
    key text NOT NULL,
    version int NOT NULL CHECK (version > 0),
    name text NOT NULL,
    currency char(3) NOT NULL,
    interval text NOT NULL CHECK (interval IN ('month')),
    status text NOT NULL CHECK (status IN ('published')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, key, version)
  );
  CREATE TRIGGER plan_immutable BEFORE UPDATE OR DELETE ON plan FOR EACH ROW EXECUTE FUNCTION weir_refuse_change();

  CREATE TABLE price (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL UNIQUE,
    plan_id uuid NOT NULL,
    position int NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    meter_id uuid,
    allowance numeric CHECK (allowance >= 0),
    charge jsonb NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, plan_id, key),
    FOREIGN KEY (organisation_id, plan_id) REFERENCES plan (organisation_id, id),
    FOREIGN KEY (organisation_id, meter_id) REFERENCES meter (organisation_id, id)
  );
  CREATE TRIGGER price_immutable BEFORE UPDATE OR DELETE ON price FOR EACH ROW EXECUTE FUNCTION weir_refuse_change();
`;

const CUSTOMERS = `
  CREATE TABLE test_clock (
    organisation_id uuid NOT NULL REFERENCES organisation,
    id uuid NOT NULL,
    name text NOT NULL,
    now timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id)
  );

  CREATE TABLE customer (
    organisation_id uuid NOT NULL REFERENCES organisation,
    id uuid NOT NULL UNIQUE,
    key text NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL,
    test_clock_id uuid,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, key),
    FOREIGN KEY (organisation_id, test_clock_id) REFERENCES test_clock (organisation_id, id)
  );

  CREATE TABLE subscription (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    key text NOT NULL,
    customer_id uuid NOT NULL,
    plan_id uuid NOT NULL,
    start_at timestamptz NOT NULL,
    -- The first billing period that has no invoice yet, and when it ends.
    open_period int NOT NULL CHECK (open_period >= 0),
    open_period_end timestamptz NOT NULL,
    -- Why the period close left this subscription alone, for a person to read.
    parked_reason text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, key),
    FOREIGN KEY (organisation_id, customer_id) REFERENCES customer (organisation_id, id),
    FOREIGN KEY (organisation_id, plan_id) REFERENCES plan (organisation_id, id)
  );
  CREATE INDEX subscription_due ON subscription (organisation_id, open_period_end);
  CREATE INDEX subscription_customer ON subscription (organisation_id, customer_id);
`;

const PRICE_BOOK = `
  CREATE TABLE model_price (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- NULL: the public catalogue.
    organisation_id uuid REFERENCES organisation,
    provider text NOT NULL,
    model text NOT NULL,
    -- The catalogue's order: which of several models that match a name is meant.
    position int NOT NULL,
    -- Everything but who and when: matching rules, units with their unit prices as decimal text, time of day.
    definition jsonb NOT NULL,
    definition_hash bytea NOT NULL,
    valid_from timestamptz,
    valid_to timestamptz CHECK (valid_to > valid_from),
    -- A catalogue row that a newer catalogue no longer has; kept because events point to it.
    retired_at timestamptz,
    created_at timestamptz NOT NULL
  );
  CREATE UNIQUE INDEX model_price_once ON model_price
    (COALESCE(organisation_id, '00000000-0000-0000-0000-000000000000'), provider, model, definition_hash) WHERE retired_at IS NULL;

  CREATE TABLE price_catalogue (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version text NOT NULL,
    -- How the catalogue knows providers by the names events carry.
    providers jsonb NOT NULL,
    loaded_at timestamptz NOT NULL
  );
`;

const EVENTS = `
  -- One number per group commit, taken while the organisation's ingest lock is held (shared by writers, exclusive for
  -- whoever fixes what is billed), so that "batch <= n" is an exact cut through the accepted events.
  CREATE SEQUENCE event_batch;

  CREATE TABLE event (
    -- First 16 bytes of SHA-256 over organisation, source and id: exact dedupe with a small index.
    key uuid NOT NULL,
    organisation_id uuid NOT NULL,
    batch bigint NOT NULL,
    customer_id uuid NOT NULL,
    time timestamptz NOT NULL,
    -- False when the sender gave no time and ours was taken; a repeat then gives none either.
    time_given boolean NOT NULL,
    received_at timestamptz NOT NULL,
    type text NOT NULL,
    source text NOT NULL,
    id text NOT NULL,
    session text,
    task text,
    agent text,
    feature text,
    department text,
    "user" text,
    -- What the event cost us in the organisation's currency; NULL while unknown and for events that cost nothing.
    cost numeric,
    cost_status "char" NOT NULL,
    model_price_id int,
    reported_cost numeric,
    reported_currency text,
    -- The sender's data, as compact JSON. Text, because it is read back whole and PostgreSQL need not parse it.
    data text,
    PRIMARY KEY (key)
  );
  CREATE INDEX event_customer_time ON event (customer_id, time, key);
  CREATE TRIGGER event_immutable BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION weir_refuse_change();

  CREATE TABLE usage (
    organisation_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    -- The nil uuid is the built-in meter of all events.
    meter_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    -- The values of the meter's group-by fields as a JSON array; '' for a meter without.
    dimensions text NOT NULL,
    quantity numeric NOT NULL,
    cost numeric NOT NULL,
    events bigint NOT NULL CHECK (events >= 0),
    -- How many of the events have a cost that is not known yet.
    pending_events bigint NOT NULL CHECK (pending_events >= 0),
    PRIMARY KEY (organisation_id, customer_id, meter_id, hour, dimensions)
  ) WITH (fillfactor = 60);

  -- Sums of one group commit that are not folded into "usage" yet. What is used is always the sum of both tables.
  CREATE TABLE usage_pending (
    organisation_id uuid NOT NULL,
    batch bigint NOT NULL,
    customer_ids uuid[] NOT NULL,
    meter_ids uuid[] NOT NULL,
    hours timestamptz[] NOT NULL,
    dimensions text[] NOT NULL,
    quantities numeric[] NOT NULL,
    costs numeric[] NOT NULL,
    events bigint[] NOT NULL,
    pending_events bigint[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organisation_id, batch)
  );
  -- The lists live for a second or two; compressing them would cost more than it saves.
  ALTER TABLE usage_pending
    ALTER customer_ids SET STORAGE EXTERNAL, ALTER meter_ids SET STORAGE EXTERNAL, ALTER hours SET STORAGE EXTERNAL,
    ALTER dimensions SET STORAGE EXTERNAL, ALTER quantities SET STORAGE EXTERNAL, ALTER costs SET STORAGE EXTERNAL,
    ALTER events SET STORAGE EXTERNAL, ALTER pending_events SET STORAGE EXTERNAL;
  ALTER TABLE usage_pending SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
`;

const INVOICES = `
  CREATE TABLE invoice (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL UNIQUE,
    customer_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    number text,
    status text NOT NULL CHECK (status IN ('draft', 'finalized')),
    currency char(3) NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL CHECK (period_end > period_start),
    total numeric NOT NULL,
    exact_total numeric NOT NULL,
    -- Cost of all of the customer's events in the period, and how many of them have no known cost yet.
    cost numeric NOT NULL,
    pending_events bigint NOT NULL,
    -- Set when it is finalized: events of this batch and before are on it, later ones came late.
    events_through bigint CHECK ((status = 'draft') = (events_through IS NULL)),
    created_at timestamptz NOT NULL,
    finalized_at timestamptz,
    PRIMARY KEY (organisation_id, id),
    -- One invoice for a subscription and period, whatever runs twice.
    UNIQUE (organisation_id, subscription_id, period_start),
    UNIQUE (organisation_id, number),
    CHECK ((status = 'draft') = (number IS NULL)),
    CHECK ((status = 'draft') = (finalized_at IS NULL)),
    FOREIGN KEY (organisation_id, customer_id) REFERENCES customer (organisation_id, id),
    FOREIGN KEY (organisation_id, subscription_id) REFERENCES subscription (organisation_id, id)
  );
  CREATE INDEX invoice_customer ON invoice (organisation_id, customer_id, period_start);

  CREATE TABLE invoice_line (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    position int NOT NULL,
    price_id uuid NOT NULL,
    meter_id uuid,
    description text NOT NULL,
    quantity numeric NOT NULL,
    -- How many events the quantity comes from.
    events bigint NOT NULL,
    -- The exact charge, and the same rounded once to the currency's minor unit.
    exact_amount numeric NOT NULL,
    amount numeric NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    breakdown jsonb NOT NULL,
    steps jsonb NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, invoice_id, position),
    -- Never two lines for one price and service period on an invoice.
    UNIQUE (organisation_id, invoice_id, price_id, period_start),
    FOREIGN KEY (organisation_id, invoice_id) REFERENCES invoice (organisation_id, id),
    FOREIGN KEY (organisation_id, price_id) REFERENCES price (organisation_id, id),
    FOREIGN KEY (organisation_id, meter_id) REFERENCES meter (organisation_id, id)
  );

  -- A finalized invoice never changes, whoever asks.
  CREATE FUNCTION weir_guard_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF OLD.status = 'finalized' THEN
      RAISE EXCEPTION 'a finalized invoice never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  END $$;
  CREATE TRIGGER invoice_guard BEFORE UPDATE OR DELETE ON invoice FOR EACH ROW EXECUTE FUNCTION weir_guard_invoice();

  -- Where a line is and where it is moved to: neither may be a finalized invoice.
  CREATE FUNCTION weir_guard_invoice_line() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF EXISTS (
      SELECT FROM invoice
       WHERE status = 'finalized'
         AND ((TG_OP <> 'INSERT' AND organisation_id = OLD.organisation_id AND id = OLD.invoice_id)
           OR (TG_OP <> 'DELETE' AND organisation_id = NEW.organisation_id AND id = NEW.invoice_id))
    ) THEN
      RAISE EXCEPTION 'a finalized invoice never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  END $$;
  CREATE TRIGGER invoice_line_guard BEFORE INSERT OR UPDATE OR DELETE ON invoice_line
    FOR EACH ROW EXECUTE FUNCTION weir_guard_invoice_line();
`;
