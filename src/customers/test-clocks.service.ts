import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { Clock, ConflictError, fromPublicId, newUuid, NotFoundError } from '../kernel';
import { Database } from '../platform/database';
import { DomainEvents } from '../platform';
import { TestClockEntity } from './persistence/test-clock.entity';

/** A test clock was moved; what is due by it may now be done. */
export interface TestClockAdvanced {
  readonly name: 'test_clock.advanced';
  readonly organisationId: string;
  readonly testClockId: string;
}

/** Makes and moves test clocks. */
@Injectable()
export class TestClocksService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(DomainEvents) private readonly news: DomainEvents,
  ) {}

  async create(tenant: Tenant, name: string, now: Date): Promise<TestClockEntity> {
    const clock = Object.assign(new TestClockEntity(), {
      organisationId: tenant.organisationId,
      id: newUuid(),
      name,
      now,
      createdAt: this.clock.now(),
    });
    await this.database.tenant(tenant.organisationId, (db) => db.insert(TestClockEntity, clock));
    return clock;
  }

  /** @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<TestClockEntity> {
    const id = fromPublicId('testClock', reference);
    const found =
      id === null
        ? null
        : await this.database.tenant(tenant.organisationId, (db) => db.findOneBy(TestClockEntity, { id }));
    if (found === null) throw new NotFoundError('test clock', reference);
    return found;
  }

  /**
   * Moves a clock forward and answers when everything that fell due on the way has been done. A repeat with the same
   * instant moves nothing and finishes what an interrupted first try left.
   */
  async advance(tenant: Tenant, reference: string, to: Date): Promise<TestClockEntity> {
    const clock = await this.find(tenant, reference);
    if (to.getTime() < clock.now.getTime()) {
      throw new ConflictError(
        'clock_backwards',
        `The clock stands at ${clock.now.toISOString()} and only moves forward.`,
        [{ field: 'now', detail: 'must not be before the clock’s own time' }],
      );
    }

    const { organisationId } = tenant;
    await this.database.tenant(organisationId, (db) =>
      // Two calls at once: the later instant wins, whatever their order.
      db.query('UPDATE test_clock SET now = greatest(now, $3) WHERE organisation_id = $1 AND id = $2', [
        organisationId,
        clock.id,
        to,
      ]),
    );

    const advanced: TestClockAdvanced = { name: 'test_clock.advanced', organisationId, testClockId: clock.id };
    await this.news.publish(advanced);
    return this.find(tenant, reference);
  }
}
