import { Inject, Injectable } from '@nestjs/common';
import { In, MoreThan } from 'typeorm';
import type { Tenant } from '../access';
import { Clock, ConflictError, fromPublicId, InvalidRequestError, isTimeZone, newUuid, NotFoundError } from '../kernel';
import { Database } from '../platform/database';
import { CustomerEntity } from './persistence/customer.entity';
import { TestClockEntity } from './persistence/test-clock.entity';

export interface NewCustomer {
  readonly key: string;
  readonly name: string;
  readonly timeZone: string;
  /** Our id of a test clock, or null to live by the real one. */
  readonly testClock: string | null;
}

/** Makes and finds customers. */
@Injectable()
export class CustomersService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Makes a customer. A repeat with the same content answers the stored one; other content under the same key is refused. */
  async create(tenant: Tenant, wanted: NewCustomer): Promise<CustomerEntity> {
    if (!isTimeZone(wanted.timeZone)) {
      const detail = 'must be an IANA time zone such as Europe/Berlin';
      throw new InvalidRequestError('invalid_time_zone', `timeZone: ${detail}`, [{ field: 'timeZone', detail }]);
    }
    return this.database.tenant(tenant.organisationId, async (db) => {
      const testClockId = wanted.testClock === null ? null : fromPublicId('testClock', wanted.testClock);
      if (
        wanted.testClock !== null &&
        (testClockId === null || !(await db.existsBy(TestClockEntity, { id: testClockId })))
      ) {
        throw new NotFoundError('test clock', wanted.testClock, 'testClock');
      }

      const customer = Object.assign(new CustomerEntity(), {
        organisationId: tenant.organisationId,
        id: newUuid(),
        key: wanted.key,
        name: wanted.name,
        timeZone: wanted.timeZone,
        testClockId,
        netDays: null,
        createdAt: this.clock.now(),
      });

      const inserted = await db
        .createQueryBuilder()
        .insert()
        .into(CustomerEntity)
        .values(customer)
        .orIgnore()
        .returning('id')
        .execute();
      if ((inserted.raw as unknown[]).length > 0) return customer;
      return this.sameOrConflict(await db.findOneByOrFail(CustomerEntity, { key: wanted.key }), customer);
    });
  }

  private sameOrConflict(existing: CustomerEntity, wanted: CustomerEntity): CustomerEntity {
    const same =
      existing.name === wanted.name &&
      existing.timeZone === wanted.timeZone &&
      existing.testClockId === wanted.testClockId;
    if (same) return existing;
    throw new ConflictError(
      'customer_exists',
      `There is a customer '${wanted.key}' with another name, time zone or test clock.`,
      [{ field: 'key', detail: 'is taken by another customer' }],
    );
  }

  async list(tenant: Tenant, after: string | null, limit: number): Promise<CustomerEntity[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      db.find(CustomerEntity, {
        where: after === null ? {} : { id: MoreThan(after) },
        order: { id: 'ASC' },
        take: limit,
      }),
    );
  }

  /** @param reference our id or the caller's key @throws NotFoundError */
  async find(tenant: Tenant, reference: string, field?: string): Promise<CustomerEntity> {
    const id = fromPublicId('customer', reference);
    const found = await this.database.tenant(tenant.organisationId, (db) =>
      db.findOneBy(CustomerEntity, id === null ? { key: reference } : { id }),
    );
    if (found === null) throw new NotFoundError('customer', reference, field);
    return found;
  }

  /** The customers with these ids, by id. */
  async byIds(tenant: Tenant, ids: readonly string[]): Promise<Map<string, CustomerEntity>> {
    const found = await this.database.tenant(tenant.organisationId, (db) =>
      db.findBy(CustomerEntity, { id: In([...ids]) }),
    );
    return new Map(found.map((customer) => [customer.id, customer]));
  }

  /** What time it is for a customer: their test clock's, or the real one. */
  async nowFor(tenant: Tenant, customer: CustomerEntity): Promise<Date> {
    if (customer.testClockId === null) return this.clock.now();
    const id = customer.testClockId;
    const clock = await this.database.tenant(tenant.organisationId, (db) =>
      db.findOneByOrFail(TestClockEntity, { id }),
    );
    return clock.now;
  }

  /** What time it is for those customers who live by a test clock: among these, or among all. */
  async nowsOnTestClocks(tenant: Tenant, ids: readonly string[] | null): Promise<Map<string, Date>> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const rows = await db
        .createQueryBuilder(CustomerEntity, 'customer')
        .innerJoin(TestClockEntity, 'clock', 'clock.id = customer.testClockId')
        .select('customer.id', 'id')
        .addSelect('clock.now', 'now')
        .where(ids === null ? 'true' : 'customer.id IN (:...ids)', { ids })
        .getRawMany<{ id: string; now: Date }>();
      return new Map(rows.map(({ id, now }) => [id, now]));
    });
  }
}
