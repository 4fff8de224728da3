import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { actorOf, type AuditRecord, recordAudit, type Tenant } from '../../access';
import { MetersService } from '../../catalog';
import { CustomersService } from '../../customers';
import {
  Clock,
  ConflictError,
  decimalText,
  Decimal,
  fromPublicId,
  InvalidRequestError,
  newUuid,
  NotFoundError,
  scaledText,
  toPublicId,
} from '../../kernel';
import { Database, pauseIngest } from '../../platform/database';
import { insertAlerts } from '../alerts/alert-store';
import { CountingService } from '../counting/counting.service';
import { alertsOf, type Cap, capWarnings, type Counter, dropOver, limitAt } from '../domain';
import {
  archiveCap,
  type CapChange,
  countLiveCaps,
  findCap,
  insertCap,
  insertRaise,
  listCaps,
  raisesOf,
  resumeSessionsOf,
  type StoredCap,
  takeBatch,
  updateCap,
} from '../persistence/cap-store';
import { fullestCounters, lockCounters, saveCounters } from '../persistence/counter-store';
import { pauseEntitlements, raiseCapsRevision } from '../persistence/locks';
import { capOf, loadRules } from '../persistence/rules-store';
import type { EntitlementRules } from '../rules';
import { countWaiting } from './count-waiting';
import { CapDefinitions, kindOf, thresholdsOf } from './cap-definitions';
import { CapFiller } from './cap-filler';
import type { CapChangeRequest, CapRequest, CapToShow, RaiseRequest } from './cap.schema';

/** Most live caps of one organisation: each event and each hold is looked at by all of them. */
const MOST_CAPS = 200;
/** Counters that are shown of a cap. */
const MOST_COUNTERS = 100;

export interface CapList {
  readonly customer: string | null;
  readonly archived: boolean;
  readonly after: string | null;
  readonly limit: number;
}

/**
 * Makes, changes, raises, archives and finds caps. Whatever changes what is decided by does so while nothing is decided
 * or counted, for a moment; so that no hold passes by the old limit after the new one was answered.
 */
@Injectable()
export class CapsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CapDefinitions) private readonly definitions: CapDefinitions,
    @Inject(CapFiller) private readonly filler: CapFiller,
    @Inject(CountingService) private readonly counting: CountingService,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Makes a cap, and answers when what its running period had before is counted. A repeat with the same content answers the
   * stored one, and fills it where that was interrupted.
   *
   * @throws NotFoundError, InvalidRequestError, ConflictError `cap_exists`
   */
  async create(tenant: Tenant, request: CapRequest): Promise<CapToShow> {
    const { organisationId } = tenant;
    const costCurrency = (await this.rules(tenant)).costCurrency;
    const wanted = await this.definitions.resolve(tenant, request, costCurrency);
    const id = await this.database.tenantInTurn(organisationId, async (db) => {
      await pauseIngest(db, organisationId);
      await raiseCapsRevision(db, organisationId);
      await pauseEntitlements(db, organisationId);
      const existing = await findCap(db, organisationId, { id: null, key: wanted.key });
      if (existing !== null) return sameOrConflict(existing, wanted);
      if ((await countLiveCaps(db, organisationId)) >= MOST_CAPS) {
        throw new InvalidRequestError(
          'too_many_caps',
          `An organisation has at most ${MOST_CAPS} caps; archive some first.`,
        );
      }

      const stored = { ...wanted, from_batch: await takeBatch(db), active_at: null, created_at: this.clock.now(), archived_at: null }; // prettier-ignore
      await insertCap(db, organisationId, stored);
      await recordAudit(db, tenant, { action: 'cap.made', subject: subjectOf(stored), after: auditOf(stored) });
      return stored.id;
    });
    const filled = await this.filler.fill(organisationId, id);

    return this.show(tenant, id, filled === null ? null : !filled.foundAny);
  }

  /** Changes what may change of a cap. A higher limit lets sessions go on that it paused. A repeat changes nothing. */
  async change(tenant: Tenant, reference: string, request: CapChangeRequest): Promise<CapToShow> {
    const { organisationId } = tenant;
    const id = await this.changing(tenant, reference, async (db, stored) => {
      const change: CapChange = {
        name: request.name ?? stored.name,
        forecast: request.forecast ?? stored.forecast,
        limit_amount: request.limit === undefined ? stored.limit_amount : decimalText(request.limit),
        thresholds: request.thresholds === undefined ? stored.thresholds : thresholdsOf(request.thresholds),
        ...(request.kind === undefined ? { kind: stored.kind, models: stored.models } : kindOf(request.kind)),
      };
      const [before, after] = [auditOf(stored), auditOf({ ...stored, ...change })];
      if (JSON.stringify(before) === JSON.stringify(after)) return;

      await updateCap(db, organisationId, stored.id, change);
      await recordAudit(db, tenant, { action: 'cap.changed', subject: subjectOf(stored), before, after });
      const isHigher = new Decimal(change.limit_amount).greaterThan(stored.limit_amount);
      if (isHigher || change.kind !== stored.kind) await this.letGoOn(db, tenant, stored.id);
      await this.tellOf(db, tenant, { ...stored, ...change });
    });
    return this.show(tenant, id, null);
  }

  /**
   * Raises a cap for a while, and lets sessions go on that it paused.
   *
   * @throws InvalidRequestError `invalid_cap` when it would not be higher, or ends before it begins
   */
  async raise(tenant: Tenant, reference: string, request: RaiseRequest): Promise<CapToShow> {
    const { organisationId } = tenant;
    if ((request.limit === undefined) === (request.by === undefined)) {
      throw invalidRaise('limit', 'is needed, or `by`: one of them');
    }
    const id = await this.changing(tenant, reference, async (db, stored) => {
      const limit = request.limit ?? new Decimal(stored.limit_amount).plus(request.by!);
      if (!limit.greaterThan(stored.limit_amount)) {
        throw invalidRaise(request.limit === undefined ? 'by' : 'limit', 'must make the limit higher than it is');
      }
      if (request.until.getTime() <= (await this.nowMs(tenant, stored)))
        throw invalidRaise('until', 'must be in the future');

      const { name: madeBy } = await actorOf(db, tenant);
      const raise = {
        ...{
          id: newUuid(),
          cap_id: stored.id,
          limit_amount: decimalText(limit),
          until: request.until,
          made_by: madeBy,
        },
        ...{ approved_by: request.approvedBy, reason: request.reason, created_at: this.clock.now() },
      };
      await insertRaise(db, organisationId, raise);
      await this.letGoOn(db, tenant, stored.id);
      await recordAudit(db, tenant, {
        action: 'cap.raised',
        subject: subjectOf(stored),
        reason: request.reason,
        after: { limit: raise.limit_amount, until: request.until.toISOString(), approvedBy: request.approvedBy },
      });
    });
    return this.show(tenant, id, null);
  }

  /** From now on it refuses nothing and counts nothing. Safe to repeat. */
  async archive(tenant: Tenant, reference: string): Promise<CapToShow> {
    const { organisationId } = tenant;
    const id = await this.changing(
      tenant,
      reference,
      async (db, stored) => {
        if (stored.archived_at !== null) return;
        await archiveCap(db, organisationId, stored.id, this.clock.now());
        await this.letGoOn(db, tenant, stored.id);
        await recordAudit(db, tenant, { action: 'cap.archived', subject: subjectOf(stored), before: auditOf(stored) });
      },
      true,
    );
    return this.show(tenant, id, null);
  }

  /** Whatever was accepted before is counted in them. */
  async list(tenant: Tenant, { customer, archived, after, limit }: CapList): Promise<CapToShow[]> {
    await countWaiting(this.database, this.counting, tenant.organisationId);
    const customerId = customer === null ? null : (await this.customers.find(tenant, customer, 'customer')).id;
    const stored = await this.database.tenant(tenant.organisationId, (db) =>
      listCaps(db, tenant.organisationId, { customerId, archived, after, limit }),
    );
    return this.showAll(tenant, stored, null);
  }

  /** Whatever was accepted before is counted in it. @param reference our id or the caller's key @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<CapToShow> {
    const stored = await this.database.tenant(tenant.organisationId, (db) => this.named(db, tenant, reference));
    return this.show(tenant, stored.id, null);
  }

  /** One change of a cap, while nothing is decided. @returns the cap's uuid */
  private async changing(
    tenant: Tenant,
    reference: string,
    work: (db: EntityManager, stored: StoredCap) => Promise<void>,
    archivedToo = false,
  ): Promise<string> {
    const { organisationId } = tenant;
    return this.database.tenantInTurn(organisationId, async (db) => {
      await raiseCapsRevision(db, organisationId);
      await pauseEntitlements(db, organisationId);
      const stored = await this.named(db, tenant, reference);
      if (stored.archived_at !== null && !archivedToo) {
        throw new ConflictError('cap_archived', `The cap '${stored.key}' is archived: it decides nothing any more.`);
      }
      await work(db, stored);
      return stored.id;
    });
  }

  private async named(db: EntityManager, { organisationId }: Tenant, reference: string): Promise<StoredCap> {
    const found = await findCap(db, organisationId, { id: fromPublicId('cap', reference), key: reference });
    if (found === null) throw new NotFoundError('cap', reference);
    return found;
  }

  private async letGoOn(db: EntityManager, tenant: Tenant, capId: string): Promise<void> {
    const { name } = await actorOf(db, tenant);
    await resumeSessionsOf(db, tenant.organisationId, capId, name, this.clock.now());
  }

  /** A lower limit may be passed already: that is told as if it was passed now. */
  private async tellOf(db: EntityManager, tenant: Tenant, stored: StoredCap): Promise<void> {
    const { organisationId } = tenant;
    const cap = capOf(stored, await raisesFor(db, organisationId, stored));
    const nowMs = await this.nowMs(tenant, stored);
    const running = await fullestCounters(db, organisationId, cap.id, new Date(nowMs), MOST_COUNTERS);
    const ids = running.map(({ id }) => id);
    const counters = [...(await lockCounters(db, organisationId, [], ids)).values()];
    const alerts = counters.flatMap((counter) => {
      dropOver(counter, cap, nowMs / 1_000);
      const move = { before: 0n, after: counter.settled, limit: limitAt(cap, nowMs) };
      return alertsOf(cap, counter, move, new Date(nowMs));
    });
    await saveCounters(db, organisationId, counters);
    await insertAlerts(db, organisationId, alerts);
  }

  private rules(tenant: Tenant): Promise<EntitlementRules> {
    return this.database.tenant(tenant.organisationId, (db) => loadRules(db, tenant.organisationId, 'shown'));
  }

  private async show(tenant: Tenant, id: string, isUnused: boolean | null): Promise<CapToShow> {
    await countWaiting(this.database, this.counting, tenant.organisationId);
    const stored = await this.database.tenant(tenant.organisationId, (db) =>
      findCap(db, tenant.organisationId, { id, key: '' }),
    );
    return (await this.showAll(tenant, [stored!], isUnused))[0]!;
  }

  /** @param isUnused null: as its counters say */
  private async showAll(tenant: Tenant, all: readonly StoredCap[], isUnused: boolean | null): Promise<CapToShow[]> {
    const { organisationId } = tenant;
    const meterIds = all.flatMap(({ meter_id }) => (meter_id === null ? [] : [meter_id]));
    return this.database.tenant(organisationId, async (db) => {
      const { caps } = await loadRules(db, organisationId, 'shown');
      const meters = await this.meters.byIds(tenant, meterIds);
      const raises = await raisesOf(db, organisationId, all.map(({ id }) => id)); // prettier-ignore
      const shown: CapToShow[] = [];
      for (const stored of all) {
        const cap = capOf(stored, raises.get(stored.id)!);
        const nowMs = await this.nowMs(tenant, stored);
        const counters = await fullestCounters(db, organisationId, stored.id, new Date(nowMs), MOST_COUNTERS);
        for (const counter of counters) dropOver(counter, cap, nowMs / 1_000);
        const overBy = overByOf(cap, counters, nowMs);
        const facts = { overBy, isUnused: isUnused ?? counters.length === 0 };
        const warnings = stored.archived_at === null ? capWarnings(cap, caps, facts) : [];
        const meterKey = stored.meter_id === null ? null : (meters.get(stored.meter_id)?.key ?? null);
        shown.push({ stored, cap, raises: raises.get(stored.id)!, meterKey, counters, overBy, warnings, nowMs });
      }
      return shown;
    });
  }

  /** What time it is for the customer of a cap; the real time for a cap of several. */
  private async nowMs(tenant: Tenant, { customer_id: customerId }: StoredCap): Promise<number> {
    if (customerId === null) return this.clock.now().getTime();
    const nows = await this.customers.nowsOnTestClocks(tenant, [customerId]);
    return (nows.get(customerId) ?? this.clock.now()).getTime();
  }
}

async function raisesFor(db: EntityManager, organisationId: string, { id }: StoredCap) {
  return (await raisesOf(db, organisationId, [id])).get(id)!;
}

function overByOf(cap: Cap, counters: readonly Counter[], nowMs: number): string | null {
  const limit = limitAt(cap, nowMs);
  const most = counters.reduce(
    (largest, { settled, held }) => (settled + held > largest ? settled + held : largest),
    0n,
  );
  return most > limit ? scaledText(most - limit) : null;
}

/** Everything but the id and when it was made. @throws ConflictError */
function sameOrConflict(
  existing: StoredCap,
  wanted: Omit<StoredCap, 'from_batch' | 'active_at' | 'created_at' | 'archived_at'>,
): string {
  const isSame = JSON.stringify(contentOf(existing)) === JSON.stringify(contentOf(wanted));
  if (isSame && existing.archived_at === null) return existing.id;
  const what = existing.archived_at === null ? 'with another content' : 'that is archived';
  throw new ConflictError('cap_exists', `There is a cap '${existing.key}' ${what}.`, [
    { field: 'key', detail: 'is taken by another cap' },
  ]);
}

function contentOf(cap: Omit<StoredCap, 'from_batch' | 'active_at' | 'created_at' | 'archived_at'>): unknown[] {
  const scope = Object.entries(cap.scope).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...[cap.name, cap.set_by, cap.customer_id, scope, cap.each_of, cap.measure, cap.currency, cap.meter_id, cap.period],
    ...[cap.rolling_seconds, cap.kind, cap.models, cap.forecast, decimalText(new Decimal(cap.limit_amount))],
    cap.thresholds.map((each) => decimalText(new Decimal(each))),
  ];
}

/** What the audit log keeps of a cap. */
function auditOf(cap: StoredCap): Record<string, unknown> {
  return {
    ...{ key: cap.key, name: cap.name, kind: cap.kind, models: cap.models, forecast: cap.forecast },
    limit: decimalText(new Decimal(cap.limit_amount)),
    thresholds: cap.thresholds.map((each) => decimalText(new Decimal(each))),
  };
}

function subjectOf({ id }: StoredCap): AuditRecord['subject'] {
  return { kind: 'cap', id: toPublicId('cap', id) };
}

function invalidRaise(field: string, detail: string): InvalidRequestError {
  return new InvalidRequestError('invalid_cap', `${field} ${detail}.`, [{ field, detail }]);
}
