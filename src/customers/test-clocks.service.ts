import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { Clock, ConflictError, fromPublicId, newUuid, NotFoundError } from '../kernel';
import { Database } from '../platform/database';
import { DomainEvents } from '../platform';
import { TestClockEntity } from './persistence/test-clock.entity';

/**
 * A test clock is to be moved. Whoever hears it does what falls due on the way, and moves the clock to each instant of
 * that first (`moveTo`), so that everybody sees the time at which it falls due.
 */
export interface TestClockAdvancing {
  readonly name: 'test_clock.advancing';
  readonly organisationId: string;
  readonly testClockId: string;
  readonly to: Date;
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
   * Moves a clock forward and answers when everything that fell due on the way has been done, each thing at its instant:
   * a leap over months does what small steps would have done. A repeat goes on where an interrupted first try stood.
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
    const advancing: TestClockAdvancing = { name: 'test_clock.advancing', organisationId, testClockId: clock.id, to };
    await this.news.publish(advancing);
    await this.moveTo(tenant, clock.id, to);
    return this.find(tenant, reference);
  }

  /** Sets a clock to an instant, unless it shows a later one: of two calls at once the later wins, whatever their order. */
  async moveTo({ organisationId }: Tenant, id: string, at: Date): Promise<void> {
    await this.database.tenant(organisationId, (db) =>
      db.query('UPDATE test_clock SET now = greatest(now, $3) WHERE organisation_id = $1 AND id = $2', [
        ...[organisationId, id, at],
      ]),
    );
  }
}
