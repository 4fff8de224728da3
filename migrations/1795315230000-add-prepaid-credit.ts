import type { MigrationInterface, QueryRunner } from 'typeorm';

/** New tables of one organisation's rows, with what the application role may do to them. */
const TENANT_TABLES: Readonly<Record<string, string>> = {
  wallet: 'SELECT, INSERT, UPDATE',
  wallet_grant: 'SELECT, INSERT, UPDATE',
  wallet_entry: 'SELECT, INSERT',
  wallet_top_up: 'SELECT, INSERT, UPDATE',
};

const ACCOUNTS_BEFORE = `'accounts_receivable', 'payments', 'revenue', 'deferred_revenue', 'tax', 'customer_credit', 'write_offs'`;
const ACCOUNTS = `${ACCOUNTS_BEFORE}, 'prepaid_credit', 'promotional_credit', 'breakage'`;

/**
 * Adds wallets of prepaid credit, what was granted to them and each movement of it, and its accounts in the ledger.
 *
 * Safe under traffic: it creates tables; the check of ledger accounts is replaced without looking at rows that are there,
 * which all pass it. Reverting forgets the credit, and fails where its accounts were booked on.
 */
export class AddPrepaidCredit1795315230000 implements MigrationInterface {
  readonly name = 'AddPrepaidCredit1795315230000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_account_check,
        ADD CONSTRAINT ledger_entry_account_check CHECK (account IN (${ACCOUNTS})) NOT VALID;
      ALTER TABLE invoice ADD COLUMN prepaid_applied numeric NOT NULL DEFAULT 0 CHECK (prepaid_applied >= 0);
      -- What an item buys: credit in money, in units of a wallet's own, or neither.
      ALTER TABLE invoice_item ADD COLUMN buys text CHECK (buys IN ('credit', 'units'));

      CREATE TABLE wallet (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        key text NOT NULL,
        name text NOT NULL,
        customer_id uuid NOT NULL,
        -- Either money or units of its own.
        currency char(3),
        unit text,
        -- Of units: how many units one of a meter burns, {"<meter id>": "0.5"}.
        burns jsonb,
        -- What holds may have when nothing is left: 'refuse' them, or let them pass and bill it ('arrears').
        when_empty text NOT NULL CHECK (when_empty IN ('refuse', 'arrears')),
        -- How far it may go below zero.
        overdraft_limit numeric NOT NULL DEFAULT 0 CHECK (overdraft_limit >= 0),
        -- The sum of its entries: what its grants have left, less what it is overdrawn by.
        settled numeric NOT NULL DEFAULT 0,
        held numeric NOT NULL DEFAULT 0 CHECK (held >= 0),
        -- Held by feature ('' for none), where grants are for some features only: {"search": "2"}.
        held_by jsonb NOT NULL DEFAULT '{}',
        -- What the grants don't hold: zero or above.
        overdrawn numeric NOT NULL DEFAULT 0 CHECK (overdrawn >= 0),
        -- The currency of its books: its own, or what its units are sold in.
        books_currency char(3) NOT NULL CHECK (currency IS NULL OR currency = books_currency),
        -- What has happened to it in its life, in that currency, unrounded: what the ledger books is the difference of two
        -- rounded totals. Units are earned whenever they burn, and booked from time to time: earned_booked is how far.
        paid numeric NOT NULL DEFAULT 0,
        given numeric NOT NULL DEFAULT 0,
        applied numeric NOT NULL DEFAULT 0,
        earned numeric NOT NULL DEFAULT 0,
        earned_booked numeric NOT NULL DEFAULT 0,
        breakage numeric NOT NULL DEFAULT 0,
        -- Automatic top-ups, as the API says them; NULL: none.
        top_up jsonb,
        created_at timestamptz NOT NULL,
        archived_at timestamptz,
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, key),
        CHECK ((currency IS NULL) <> (unit IS NULL)),
        CHECK ((unit IS NULL) = (burns IS NULL)),
        FOREIGN KEY (organisation_id, customer_id) REFERENCES customer (organisation_id, id)
      ) WITH (fillfactor = 70);
      CREATE UNIQUE INDEX wallet_customer ON wallet (organisation_id, customer_id, currency, unit) NULLS NOT DISTINCT
        WHERE archived_at IS NULL;

      CREATE TABLE wallet_grant (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        wallet_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('bought', 'promotional', 'refund')),
        priority int NOT NULL,
        starts_at timestamptz NOT NULL,
        expires_at timestamptz CHECK (expires_at > starts_at),
        features text[],
        rollover_limit numeric CHECK (rollover_limit > 0),
        amount numeric NOT NULL CHECK (amount > 0),
        "left" numeric NOT NULL CHECK ("left" BETWEEN 0 AND amount),
        -- What was paid for all of it; NULL for a gift.
        cost numeric CHECK (cost >= 0),
        cost_currency char(3) CHECK ((cost IS NULL) = (cost_currency IS NULL)),
        -- The grant whose rest it is.
        rolled_from uuid,
        top_up_id uuid,
        granted_at timestamptz NOT NULL,
        -- The sender's own name for it: a repeat is the same grant.
        reference text,
        reason text,
        PRIMARY KEY (organisation_id, id),
        UNIQUE (organisation_id, wallet_id, reference),
        FOREIGN KEY (organisation_id, wallet_id) REFERENCES wallet (organisation_id, id)
      );
      CREATE INDEX wallet_grant_wallet ON wallet_grant (organisation_id, wallet_id) WHERE "left" > 0;
      CREATE INDEX wallet_grant_expiring ON wallet_grant (expires_at) WHERE "left" > 0 AND expires_at IS NOT NULL;

      CREATE TABLE wallet_entry (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        wallet_id uuid NOT NULL,
        -- The order in which it happened.
        seq bigint GENERATED ALWAYS AS IDENTITY,
        -- NULL for what no grant pays: an overdraft, or what stays uncovered.
        grant_id uuid,
        -- 'cover' is a pair: a grant pays what was overdrawn.
        kind text NOT NULL CHECK (kind IN ('grant', 'burn', 'give_back', 'overdraft', 'uncovered', 'cover', 'expiry', 'rollover')),
        -- What it adds to the balance; below zero for what it takes. An uncovered amount is told below zero and adds nothing.
        amount numeric NOT NULL CHECK (amount <> 0),
        -- What it is in the currency of the ledger, by the grant's cost; NULL where it has none.
        worth numeric,
        feature text,
        -- The billing period that it is for; NULL where it is for none.
        subscription_id uuid,
        period_index int CHECK ((period_index IS NULL) = (subscription_id IS NULL)),
        -- What caused it: 'spend' with the spend entry, 'usage' with the event batch, 'invoice', 'applied' with the invoice that takes
        -- the place of what usage burned before, 'grant', 'expiry'.
        source_kind text NOT NULL,
        source_id text NOT NULL,
        at timestamptz NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (organisation_id, id),
        FOREIGN KEY (organisation_id, wallet_id) REFERENCES wallet (organisation_id, id),
        FOREIGN KEY (organisation_id, grant_id) REFERENCES wallet_grant (organisation_id, id)
      );
      CREATE INDEX wallet_entry_wallet ON wallet_entry (organisation_id, wallet_id, seq);
      CREATE INDEX wallet_entry_period ON wallet_entry (organisation_id, subscription_id, period_index)
        WHERE subscription_id IS NOT NULL;
      CREATE INDEX wallet_entry_source ON wallet_entry (organisation_id, source_kind, source_id);
      CREATE TRIGGER wallet_entry_immutable BEFORE UPDATE OR DELETE ON wallet_entry
        FOR EACH ROW EXECUTE FUNCTION weir_refuse_change();

      -- Credit that is being bought.
      CREATE TABLE wallet_top_up (
        organisation_id uuid NOT NULL,
        id uuid NOT NULL,
        wallet_id uuid NOT NULL,
        trigger text NOT NULL CHECK (trigger IN ('hand', 'threshold', 'schedule')),
        amount numeric NOT NULL CHECK (amount > 0),
        price numeric NOT NULL CHECK (price >= 0),
        price_currency char(3) NOT NULL,
        -- The terms of the grant that it becomes, as the API says them.
        terms jsonb NOT NULL,
        status text NOT NULL CHECK (status IN ('granted', 'invoiced', 'refused', 'void')),
        invoice_id uuid,
        reference text,
        reason text,
        -- By the customer's clock: whose month it counts in.
        at timestamptz NOT NULL,
        PRIMARY KEY (organisation_id, id),
        FOREIGN KEY (organisation_id, wallet_id) REFERENCES wallet (organisation_id, id)
      );
      CREATE INDEX wallet_top_up_wallet ON wallet_top_up (organisation_id, wallet_id, at);
      CREATE UNIQUE INDEX wallet_top_up_reference ON wallet_top_up (organisation_id, wallet_id, reference)
        WHERE reference IS NOT NULL;
      CREATE UNIQUE INDEX wallet_top_up_invoice ON wallet_top_up (organisation_id, invoice_id) WHERE invoice_id IS NOT NULL;
    `);
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
    await db.query(`
      DROP TABLE wallet_top_up, wallet_entry, wallet_grant, wallet;
      ALTER TABLE invoice_item DROP COLUMN buys;
      ALTER TABLE invoice DROP COLUMN prepaid_applied;
      ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_account_check,
        ADD CONSTRAINT ledger_entry_account_check CHECK (account IN (${ACCOUNTS_BEFORE}));
    `);
  }
}
