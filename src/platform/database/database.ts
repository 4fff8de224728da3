import { AsyncLocalStorage } from 'node:async_hooks';
import { Pool, type PoolClient } from 'pg';
import { DataSource, type EntityManager, type EntityTarget } from 'typeorm';
import { InvariantError } from '../../kernel';
import { StartupError } from '../startup-error';
import { SnakeCaseNames } from './columns';
import { connectionProblem } from './connection-problem';
import { Turns } from './turns';

/** The role every request's SQL runs as. It owns nothing and cannot bypass row-level security. */
export const APPLICATION_ROLE = 'weir_app';

/**
 * A plan that PostgreSQL makes while a table is empty reads it from end to end, and is kept however long the table grows.
 */
const PINNED_PLANS =
  '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off';

export interface DatabaseOptions {
  readonly url: string;
  readonly entities: readonly EntityTarget<object>[];
  readonly poolSize: number;
}

interface RunningTransaction {
  readonly organisationId: string;
  readonly manager: EntityManager;
}

/**
 * The way to PostgreSQL. `tenant` is for everything done on behalf of an organisation; `owner` is for the few places that
 * work across organisations (ingest's group commit, looking for due periods) and is not subject to row-level security.
 */
export class Database {
  private readonly running = new AsyncLocalStorage<RunningTransaction>();
  /** How many transactions `running` knows of. */
  private transactions = 0;
  /** Half of the connections are the most that one organisation holds at a time: the others' requests find the rest. */
  private readonly shares: Turns;
  private readonly pausing = new Turns(1);

  private constructor(
    private readonly source: DataSource,
    /** Connections of the schema's owner. Whoever uses one states the organisation in each statement. */
    readonly owner: Pool,
    /**
     * The same for many short transactions by prepared statements, whose plans are made once, whatever is in the tables
     * then: rows are found by their keys.
     */
    readonly pinned: Pool,
    readonly url: string,
    poolSize: number,
  ) {
    this.shares = new Turns(Math.max(1, Math.floor(poolSize / 2)));
  }

  /** @throws StartupError when the database can't be reached or its application role could bypass row-level security */
  static async connect(options: DatabaseOptions): Promise<Database> {
    const source = new DataSource({
      type: 'postgres',
      url: options.url,
      entities: options.entities as never[],
      namingStrategy: new SnakeCaseNames(),
      poolSize: options.poolSize,
      applicationName: 'weir',
      synchronize: false,
      logging: false,
      // An idle connection that breaks is replaced by the next query; the pool must not take the process with it.
      poolErrorHandler: () => undefined,
      extra: { options: `-c role=${APPLICATION_ROLE} -c timezone=UTC` },
    });
    const owner = new Pool({
      connectionString: options.url,
      // Ingest and holds write on two each; counting, folding and jobs need the rest.
      max: 12,
      application_name: 'weir-owner',
      options: '-c timezone=UTC',
    });
    const pinned = new Pool({
      connectionString: options.url,
      max: 4,
      application_name: 'weir-pinned',
      options: `-c timezone=UTC ${PINNED_PLANS}`,
    });
    for (const pool of [owner, pinned]) {
      pool.on('error', () => undefined);
      // The same for a connection in use: the query that runs on it fails, and whoever asked is told so. Without a
      // listener the event would end the process.
      pool.on('connect', (client) => client.on('error', () => undefined));
    }
    try {
      await source.initialize();
    } catch (error) {
      await Promise.all([owner.end(), pinned.end()]);
      throw connectionProblem(options.url, error);
    }
    const database = new Database(source, owner, pinned, options.url, options.poolSize);
    await database.refuseRoleThatBypasses();
    return database;
  }

  private async refuseRoleThatBypasses(): Promise<void> {
    const [role] = await this.source.query<{ rolname: string; bypasses: boolean }[]>(
      'SELECT rolname, rolsuper OR rolbypassrls AS bypasses FROM pg_roles WHERE rolname = current_user',
    );
    if (role?.rolname === APPLICATION_ROLE && !role.bypasses) return;
    await this.close();
    throw new StartupError(
      `The role ${APPLICATION_ROLE} could read across organisations: ALTER ROLE ${APPLICATION_ROLE} NOSUPERUSER NOBYPASSRLS.`,
    );
  }

  /**
   * Runs work in one transaction that sees and changes one organisation's rows only. Inside another `tenant` call of the
   * same organisation it joins that transaction, so that services can be composed and commit together.
   */
  async tenant<T>(organisationId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const outer = this.running.getStore();
    if (outer !== undefined) {
      if (outer.organisationId !== organisationId)
        throw new InvariantError('a transaction belongs to one organisation');
      return work(outer.manager);
    }
    return this.shares.take(organisationId, () =>
      this.source.transaction((manager) => this.inTransaction(organisationId, manager, work)),
    );
  }

  /**
   * The same for work that pauses ingest and that a caller may ask for many times at once: of one organisation one after
   * the other. They would wait for each other anyway, but in the database, each with a connection, and ingest behind all.
   */
  async tenantInTurn<T>(organisationId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    // In a transaction already, it has its connection, and others may wait for that while they have the turn.
    if (this.running.getStore() !== undefined) return this.tenant(organisationId, work);
    return this.pausing.take(organisationId, () => this.tenant(organisationId, work));
  }

  /**
   * The same for reading that takes several statements: all of them see one instant. Inside a `tenant` call it joins
   * that transaction, which sees each statement's own instant unless it has paused ingest.
   */
  async snapshot<T>(organisationId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    if (this.running.getStore() !== undefined) return this.tenant(organisationId, work);
    return this.shares.take(organisationId, () =>
      this.source.transaction('REPEATABLE READ', (manager) => this.inTransaction(organisationId, manager, work)),
    );
  }

  private async inTransaction<T>(
    organisationId: string,
    manager: EntityManager,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    await manager.query(`SELECT set_config('weir.organisation', $1, true)`, [organisationId]);
    this.transactions += 1;
    try {
      return await this.running.run({ organisationId, manager }, () => work(manager));
    } finally {
      this.transactions -= 1;
      // While it is on, Node follows every promise of the process, those of ingest too, which are most and need none of
      // this. It comes on again with the next `run`.
      if (this.transactions === 0) this.running.disable();
    }
  }

  /**
   * Runs work whose failure undoes that work alone: a transaction of its own, or inside another `tenant` call a savepoint
   * of that transaction. For one of many, when the others are to go on.
   */
  async apart<T>(organisationId: string, work: () => Promise<T>): Promise<T> {
    const outer = this.running.getStore();
    if (outer === undefined) return this.tenant(organisationId, work);
    return outer.manager.transaction(work);
  }

  /** Whether this runs inside a `tenant` call already, so that all it does is one transaction on one connection. */
  get isInTransaction(): boolean {
    return this.running.getStore() !== undefined;
  }

  /** Runs work in one transaction of the schema's owner, which row-level security does not bind. */
  async ownerTransaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.owner.connect();
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }

  /** Runs one statement as the application role without an organisation: it sees no tenant's rows. */
  async withoutTenant<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.source.query<Row[]>(sql, parameters);
  }

  /** The mapped entities, for the test that holds them against the migrated schema. */
  get dataSource(): DataSource {
    return this.source;
  }

  async close(): Promise<void> {
    await Promise.all([
      this.source.isInitialized ? this.source.destroy() : undefined,
      this.owner.end(),
      this.pinned.end(),
    ]);
  }
}
