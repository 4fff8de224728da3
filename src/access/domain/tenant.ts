import type { Scope } from './api-key';

/** Who is asking: the organisation and what its key may do. */
export interface Tenant {
  readonly organisationId: string;
  readonly apiKeyId: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The request it asks in, for the audit log; missing where no request is behind it. */
  readonly requestId?: string;
}

const NO_KEY = '00000000-0000-0000-0000-000000000000';

/** Weir itself, working for an organisation without anyone having asked: closing a period, say. */
export function actingFor(organisationId: string): Tenant {
  return { organisationId, apiKeyId: NO_KEY, scopes: new Set() };
}
