import { Inject, Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { fromPublicId } from '../kernel';
import { Database } from '../platform/database';
import { CustomerEntity } from './persistence/customer.entity';
import { TestClockEntity } from './persistence/test-clock.entity';

/** What ingest needs to know of a customer. None of it changes once the customer is made. */
export interface KnownCustomer {
  readonly id: string;
  /** The 16 bytes of the id. */
  readonly bytes: Buffer;
  readonly testClockId: string | null;
  /** IANA name: calendar periods begin at midnight there. */
  readonly timeZone: string;
}

const MOST_REMEMBERED = 100_000;

/**
 * Finds customers by the names that events use, from memory where it can: the fields it gives never change, so what was
 * found once stays right. Names that were not found are asked again each time.
 */
@Injectable()
export class CustomerDirectory {
  private readonly known = new Map<string, Map<string, KnownCustomer>>();
  private size = 0;

  constructor(@Inject(Database) private readonly database: Database) {}

  /** The customers among these names (our ids or the caller's keys), by name. */
  async find(organisationId: string, references: ReadonlySet<string>): Promise<ReadonlyMap<string, KnownCustomer>> {
    if (this.size > MOST_REMEMBERED) this.forgetAll();
    const known = this.ofOrganisation(organisationId);
    const missing: string[] = [];
    for (const reference of references) if (!known.has(reference)) missing.push(reference);
    if (missing.length > 0) await this.load(organisationId, missing, known);
    return known;
  }

  /** What time test clocks show, in milliseconds since 1970, by their ids. */
  async clocks(organisationId: string, ids: ReadonlySet<string>): Promise<Map<string, number>> {
    if (ids.size === 0) return new Map();
    const clocks = await this.database.tenant(organisationId, (db) => db.findBy(TestClockEntity, { id: In([...ids]) }));
    return new Map(clocks.map((clock) => [clock.id, clock.now.getTime()]));
  }

  private ofOrganisation(organisationId: string): Map<string, KnownCustomer> {
    let known = this.known.get(organisationId);
    if (known === undefined) this.known.set(organisationId, (known = new Map<string, KnownCustomer>()));
    return known;
  }

  private forgetAll(): void {
    this.known.clear();
    this.size = 0;
  }

  /** Loads into the map its caller holds, which stays whole even when another call forgets everything meanwhile. */
  private async load(
    organisationId: string,
    references: readonly string[],
    known: Map<string, KnownCustomer>,
  ): Promise<void> {
    const ids = new Map<string, string>();
    for (const reference of references) {
      const id = fromPublicId('customer', reference);
      if (id !== null) ids.set(id, reference);
    }
    const found = await this.database.tenant(organisationId, (db) =>
      db.find(CustomerEntity, { where: [{ key: In([...references]) }, { id: In([...ids.keys()]) }] }),
    );
    for (const { id, key, testClockId, timeZone } of found) {
      const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
      const customer: KnownCustomer = { id, bytes, testClockId, timeZone };
      known.set(key, customer);
      const reference = ids.get(id);
      if (reference !== undefined) known.set(reference, customer);
      this.size += 1;
    }
  }
}
