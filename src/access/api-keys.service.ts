import { Inject, Injectable } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import { Clock, ConflictError, fromPublicId, newUuid, NotFoundError, toPublicId } from '../kernel';
import { Database } from '../platform/database';
import { recordAudit } from './audit-log';
import { Authenticator } from './authenticator';
import { apiKeyHint, hashApiKey, newApiKey, type Scope, type Tenant } from './domain';
import { ApiKeyEntity } from './persistence/api-key.entity';

/** Makes, lists and revokes the keys of an organisation. */
@Injectable()
export class ApiKeysService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
  ) {}

  /** The secret is in the answer and nowhere else. */
  async create(
    tenant: Tenant,
    name: string,
    scopes: readonly Scope[],
  ): Promise<{ apiKey: ApiKeyEntity; secret: string }> {
    const secret = newApiKey();
    const apiKey = Object.assign(new ApiKeyEntity(), {
      organisationId: tenant.organisationId,
      id: newUuid(),
      name,
      scopes: [...new Set(scopes)],
      secretHash: hashApiKey(secret),
      hint: apiKeyHint(secret),
      createdAt: this.clock.now(),
      revokedAt: null,
    });
    await this.database.tenant(tenant.organisationId, async (db) => {
      await db.insert(ApiKeyEntity, apiKey);
      const after = { name, scopes: apiKey.scopes };
      await recordAudit(db, tenant, { action: 'api_key.made', subject: subjectOf(apiKey), after });
    });
    return { apiKey, secret };
  }

  async list(tenant: Tenant, after: string | null, limit: number): Promise<ApiKeyEntity[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      db.find(ApiKeyEntity, {
        where: after === null ? {} : { id: MoreThan(after) },
        order: { id: 'ASC' },
        take: limit,
      }),
    );
  }

  /** Stops a key for good; a repeat changes nothing. The key that asks can't revoke itself, so that nobody locks themselves out. */
  async revoke(tenant: Tenant, publicId: string): Promise<void> {
    const id = fromPublicId('apiKey', publicId);
    if (id === tenant.apiKeyId) {
      throw new ConflictError('own_api_key', 'A key cannot revoke itself. Use another key that may manage.');
    }
    await this.database.tenant(tenant.organisationId, async (db) => {
      const found = id === null ? null : await db.findOneBy(ApiKeyEntity, { id });
      if (found === null) throw new NotFoundError('api key', publicId);

      if (found.revokedAt === null) {
        await db.update(
          ApiKeyEntity,
          { organisationId: tenant.organisationId, id: found.id },
          { revokedAt: this.clock.now() },
        );
        await recordAudit(db, tenant, { action: 'api_key.revoked', subject: subjectOf(found) });
      }
    });
    this.authenticator.forgetAll();
  }
}

function subjectOf(apiKey: ApiKeyEntity): { kind: string; id: string } {
  return { kind: 'api_key', id: toPublicId('apiKey', apiKey.id) };
}
