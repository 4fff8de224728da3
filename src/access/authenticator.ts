import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../platform/database';
import { hashApiKey, looksLikeApiKey, type Scope, type Tenant, UnauthenticatedError } from './domain';

/** How long a looked-up key is believed. A key revoked in another process keeps working there for at most this long. */
const BELIEVED_MS = 5_000;
const MOST_REMEMBERED = 10_000;
/** How long a key may be taken for what it was, where nobody can be asked. */
const LAST_KNOWN_MS = 15 * 60_000;

interface Remembered {
  readonly tenant: Promise<Tenant>;
  readonly until: number;
}

/** Finds out who is asking. Answers from memory for a few seconds, since every request asks. */
@Injectable()
export class Authenticator {
  private readonly remembered = new Map<string, Remembered>();
  private readonly last = new Map<string, { readonly tenant: Tenant; readonly until: number }>();

  constructor(@Inject(Database) private readonly database: Database) {}

  /** @param authorization the request's header @throws UnauthenticatedError */
  async authenticate(authorization: string | undefined): Promise<Tenant> {
    const key = bearerKey(authorization);
    const now = performance.now();
    const known = this.remembered.get(key);
    if (known !== undefined && known.until > now) return known.tenant;

    const tenant = this.lookUp(key);
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
    if (this.last.size >= MOST_REMEMBERED) this.last.clear();
    this.remembered.set(key, { tenant, until: now + BELIEVED_MS });
    tenant.then(
      (known) => this.last.set(key, { tenant: known, until: now + LAST_KNOWN_MS }),
      (error: unknown) => {
        this.remembered.delete(key);
        if (error instanceof UnauthenticatedError) this.last.delete(key);
      },
    );
    return tenant;
  }

  /**
   * Who a key was a quarter of an hour ago at most, for what has to go on while the database is away. A key that was revoked
   * elsewhere meanwhile is not known to be. @returns null where it wasn't seen
   */
  lastKnown(authorization: string | undefined): Tenant | null {
    const known = this.last.get(bearerKey(authorization));
    return known !== undefined && known.until > performance.now() ? known.tenant : null;
  }

  /** Called when a key is revoked here, so that it stops working at once. */
  forgetAll(): void {
    this.remembered.clear();
    this.last.clear();
  }

  private async lookUp(key: string): Promise<Tenant> {
    const [row] = await this.database.withoutTenant<{ organisation_id: string; api_key_id: string; scopes: Scope[] }>(
      'SELECT * FROM weir_authenticate($1)',
      [hashApiKey(key)],
    );
    if (row === undefined) throw new UnauthenticatedError('This API key is unknown or was revoked.');
    return { organisationId: row.organisation_id, apiKeyId: row.api_key_id, scopes: new Set(row.scopes) };
  }
}

/** How a header with a key begins; RFC 9110 leaves the case of a scheme to the sender. */
const SCHEME = /^bearer +/i;

/** The key of an `Authorization: Bearer …` header. @throws UnauthenticatedError when there is none */
export function bearerKey(authorization: string | undefined): string {
  const key = authorization !== undefined && SCHEME.test(authorization) ? authorization.replace(SCHEME, '').trim() : '';
  if (looksLikeApiKey(key)) return key;
  throw new UnauthenticatedError('Send an API key as "Authorization: Bearer weir_…".');
}
