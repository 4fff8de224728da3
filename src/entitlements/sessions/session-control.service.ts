import { Inject, Injectable } from '@nestjs/common';
import { actorOf, recordAudit, type Tenant } from '../../access';
import { CustomersService } from '../../customers';
import { Clock, ConflictError, toPublicId } from '../../kernel';
import { acknowledgeSession } from '../../loops';
import { Database } from '../../platform/database';
import { type SessionControl, sessionKey } from '../domain';
import { lockSessions, makeSessions, readSessions, saveSessions, type SessionName } from '../persistence/session-store';

/** What may be done to a session by hand. */
export const SESSION_STEPS = ['pause', 'resume', 'stop'] as const;
export type SessionStep = (typeof SESSION_STEPS)[number];

const STATE_AFTER = { pause: 'paused', resume: 'running', stop: 'stopped' } as const;
const AUDITED = { pause: 'session.paused', resume: 'session.resumed', stop: 'session.stopped' } as const;

/** A session with what its events cost so far. */
export interface SessionToShow {
  readonly control: SessionControl;
  /** Known costs, as decimal text, in the currency of costs. */
  readonly spent: string;
  /** Events. */
  readonly actions: number;
  /** Among them those whose cost isn't known yet. */
  readonly pendingEvents: number;
}

/** Says whether an agent's session may go on, and changes it by hand. */
@Injectable()
export class SessionControlService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** A session nobody has ever heard of runs. @throws NotFoundError where there is no such customer */
  async find(tenant: Tenant, customer: string, session: string): Promise<SessionToShow> {
    const { organisationId } = tenant;
    const { id: customerId } = await this.customers.find(tenant, customer);
    return this.database.tenant(organisationId, async (db) => {
      const name: SessionName = { customerId, session };
      const control = (await readSessions(db, organisationId, [name])).get(sessionKey(customerId, session))!;
      const [spent] = await db.query<{ cost: string; actions: number; pending: number }[]>(
        `SELECT COALESCE(sum(cost), 0) AS cost, count(*)::int AS actions,
                count(*) FILTER (WHERE cost_status = 'u')::int AS pending
           FROM event_now WHERE organisation_id = $1 AND customer_id = $2 AND session = $3`,
        [organisationId, customerId, session],
      );
      const { cost, actions, pending } = spent!;
      return { control, spent: cost, actions, pendingEvents: pending };
    });
  }

  /**
   * Pauses a session, lets it go on, or stops it for good. Its open holds stay: what is under way is settled. A repeat
   * changes nothing.
   *
   * @throws ConflictError `session_stopped`: what was stopped doesn't go on
   */
  async change(
    tenant: Tenant,
    customer: string,
    session: string,
    step: SessionStep,
    reason: string,
  ): Promise<SessionToShow> {
    const { organisationId } = tenant;
    const { id: customerId } = await this.customers.find(tenant, customer);
    await this.database.tenant(organisationId, async (db) => {
      const name: SessionName = { customerId, session };
      const now = this.clock.now();
      await makeSessions(db, organisationId, [name], now);
      const control = (await lockSessions(db, organisationId, [name])).get(sessionKey(customerId, session))!;
      const before = control.state;
      if (before === 'stopped' && step !== 'stop') {
        throw new ConflictError('session_stopped', `The session '${session}' was stopped, and does not go on.`);
      }
      if (before === STATE_AFTER[step]) return;
      if (step === 'resume') await acknowledgeSession(db, organisationId, name, now);

      const { name: changedBy } = await actorOf(db, tenant);
      const running = step === 'resume' ? null : reason;
      Object.assign(control, {
        ...{ state: STATE_AFTER[step], reason: running, capId: null, findingId: null, nextAt: null, changedBy },
        changed: true,
      });
      await saveSessions(db, organisationId, [control], now);
      await recordAudit(db, tenant, {
        action: AUDITED[step],
        subject: { kind: 'session', id: session },
        reason,
        before: { customer: toPublicId('customer', customerId), state: before },
        after: { customer: toPublicId('customer', customerId), state: control.state },
      });
    });
    return this.find(tenant, customer, session);
  }
}
