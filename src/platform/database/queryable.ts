import type { PoolClient } from 'pg';

/** Something that runs SQL: a connection of the owner, or a tenant's transaction. */
export interface Queryable {
  query<Row>(sql: string, parameters: unknown[]): Promise<Row[]>;
}

/** Lets a plain connection be used where a tenant's transaction is expected. */
export function asQueryable(client: Pick<PoolClient, 'query'>): Queryable {
  return {
    query: async <Row>(sql: string, parameters: unknown[]) => (await client.query(sql, parameters)).rows as Row[],
  };
}
