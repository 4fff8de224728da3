import { Injectable } from '@nestjs/common';
import type { Queryable } from '../platform/database';
import { loadRules } from './persistence/rules-store';
import type { EntitlementRules } from './rules';

const MOST_REMEMBERED = 1_000;

/**
 * What organisations' events are counted against and holds decided by, in memory. Whoever decides reads
 * `organisation.caps_revision` in its own transaction, under the lock that changes of it need, and asks for that.
 */
@Injectable()
export class EntitlementBooks {
  private readonly books = new Map<string, EntitlementRules>();

  /** The rules at this revision, loaded through the caller's connection when memory has another. */
  async at(db: Queryable, organisationId: string, revision: string): Promise<EntitlementRules> {
    const known = this.books.get(organisationId);
    if (known?.revision === revision) return known;
    const rules = await loadRules(db, organisationId, revision);
    if (this.books.size >= MOST_REMEMBERED) this.books.clear();
    this.books.set(organisationId, rules);
    return rules;
  }

  /** What memory has, of whatever revision: to prepare a request by. The transaction holds it against the real one. */
  known(organisationId: string): EntitlementRules | null {
    return this.books.get(organisationId) ?? null;
  }
}
