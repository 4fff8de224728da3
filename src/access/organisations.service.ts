import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { Clock, newUuid } from '../kernel';
import { Database } from '../platform/database';
import { apiKeyHint, hashApiKey, newApiKey, SCOPES } from './domain';

/** A new organisation with its first key, which is shown this once. */
export interface NewOrganisation {
  readonly id: string;
  readonly name: string;
  readonly apiKey: string;
}

/** Any number that only the first start locks on. */
const FIRST_ORGANISATION_LOCK = 0x6f7267;

/** Makes organisations. The only part of this room that works across tenants. */
@Injectable()
export class OrganisationsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Makes the first organisation of an empty database; null when there is one already, whoever starts at the same time. */
  async createFirst(name: string): Promise<NewOrganisation | null> {
    return this.database.ownerTransaction(async (client) => {
      await client.query('SELECT pg_advisory_xact_lock($1)', [FIRST_ORGANISATION_LOCK]);
      const { rowCount } = await client.query('SELECT 1 FROM organisation LIMIT 1');
      return rowCount === 0 ? this.insert(client, name) : null;
    });
  }

  /** Makes an organisation. A repeat makes another: names need not be unique. */
  async create(name: string): Promise<NewOrganisation> {
    return this.database.ownerTransaction((client) => this.insert(client, name));
  }

  private async insert(client: PoolClient, name: string): Promise<NewOrganisation> {
    const now = this.clock.now();
    const organisation = { id: newUuid(), name, apiKey: newApiKey() };
    await client.query('INSERT INTO organisation (id, name, created_at) VALUES ($1, $2, $3)', [
      organisation.id,
      name,
      now,
    ]);
    await client.query(
      `INSERT INTO api_key (organisation_id, id, name, scopes, secret_hash, hint, created_at)
       VALUES ($1, $2, 'First key', $3, $4, $5, $6)`,
      [organisation.id, newUuid(), SCOPES, hashApiKey(organisation.apiKey), apiKeyHint(organisation.apiKey), now],
    );
    return organisation;
  }
}
