import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import { costOfUsage, isUsageProblem, pendingSentence, readUsage } from '../../costing';
import { type EventKey, findEffective, findOncePending, type StoredEvent } from '../../events';
import type { Micros } from '../../kernel';
import { Database } from '../../platform/database';
import type { Books } from '../organisation-books';
import { CurrentBooks } from './current-books';

/** Pending events that wait for the same thing. */
export interface PendingGroup {
  readonly reason: string;
  /** The reason as a sentence that says what to do. */
  readonly detail: string;
  readonly provider: string | null;
  readonly model: string | null;
  events: number;
  first: Micros;
  last: Micros;
  readonly example: { readonly id: string; readonly source: string };
}

export interface PendingReport {
  readonly events: number;
  /** Whether every pending event was looked at. */
  readonly complete: boolean;
  /** The largest first. */
  readonly groups: readonly PendingGroup[];
}

const A_PAGE = 1_000;
const MOST_LOOKED_AT = 20_000;

/** Says which events have no known cost, and what each of them waits for. */
@Injectable()
export class PendingReportService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CurrentBooks) private readonly books: CurrentBooks,
  ) {}

  async of(tenant: Tenant): Promise<PendingReport> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      const books = await this.books.of(db, organisationId);
      const groups = new Map<string, PendingGroup>();
      let events = 0;
      let looked = 0;
      let last: EventKey | null = null;
      let more = true;
      while (more && looked < MOST_LOOKED_AT) {
        const keys: EventKey[] = await findOncePending(db, organisationId, last, A_PAGE);
        for (const event of (await findEffective(db, organisationId, keys)).values()) {
          if (event.costStatus !== 'pending') continue;
          events += 1;
          count(groups, event, books);
        }
        looked += keys.length;
        last = keys.at(-1) ?? last;
        more = keys.length === A_PAGE;
      }
      return { events, complete: !more, groups: [...groups.values()].sort((a, b) => b.events - a.events) };
    });
  }
}

function count(groups: Map<string, PendingGroup>, event: StoredEvent, books: Books): void {
  const { provider, model, happenedAt } = event;
  const { reason, detail } = waitsFor(event, books);
  const key = JSON.stringify([reason, detail, provider, model]);
  const known = groups.get(key);
  if (known === undefined) {
    const example = { id: event.id, source: event.source };
    groups.set(key, { reason, detail, provider, model, events: 1, first: happenedAt, last: happenedAt, example });
    return;
  }
  known.events += 1;
  known.first = Math.min(known.first, happenedAt);
  known.last = Math.max(known.last, happenedAt);
}

/** What a pending event waits for, by the books as they are now. */
function waitsFor(event: StoredEvent, books: Books): { reason: string; detail: string } {
  const usage = readUsage(event.data);
  if (isUsageProblem(usage)) {
    return { reason: 'usage_unreadable', detail: `The usage cannot be read: ${usage.field} ${usage.detail}.` };
  }
  const computed = costOfUsage(usage, books.prices.prices, event.happenedAt);
  if (computed.status === 'pending') return { reason: computed.reason, detail: pendingSentence(computed) };
  const currency = computed.status === 'priced' ? computed.currency : event.cost?.currency;
  if (currency !== undefined && currency !== books.currency) {
    return {
      reason: 'exchange_rate_missing',
      detail: `Its cost is known in ${currency}, and there is no exchange rate to ${books.currency} at its time: add one.`,
    };
  }
  return {
    reason: 'resource_unpriced',
    detail:
      'It used a resource of yours that has no price at its time, or it waits for the next turn of the job: add the price.',
  };
}
