import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { recordAudit, type Tenant } from '../access';
import { filterProblems, isMeterField, isValueField, raiseCatalogRevision } from '../catalog';
import {
  Clock,
  ConflictError,
  type FieldProblem,
  fromPublicId,
  InvalidRequestError,
  invariant,
  newUuid,
  NotFoundError,
  toPublicId,
} from '../kernel';
import { Database, pauseIngest, type Queryable } from '../platform/database';
import { type Resource, type ResourcePrice, resourcePriceProblems } from './domain';
import {
  countResources,
  findResources,
  insertResource,
  insertResourcePrice,
  type StoredResource,
} from './persistence/resource-store';

export type NewResource = Omit<Resource, 'id'>;
export type NewResourcePrice = Omit<ResourcePrice, 'id'>;

/** Most resources of one organisation: each event is held against all of its type. */
const MOST_RESOURCES = 200;
/** Most prices of one resource: a price for every day of five years. */
const MOST_PRICES = 2_000;

/** Makes and finds own resources, and adds prices to them. */
@Injectable()
export class ResourcesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Makes a resource with its first prices. They hold for events accepted from now on. A repeat answers the stored one,
   * with those prices added that it does not have; the same key with another definition is refused.
   */
  async create(tenant: Tenant, wanted: NewResource, prices: readonly NewResourcePrice[]): Promise<StoredResource> {
    const problems = [
      ...resourceProblems(wanted),
      ...prices.flatMap((price, index) =>
        resourcePriceProblems(price).map((problem) => ({ ...problem, field: `prices[${index}].${problem.field}` })),
      ),
    ];
    refuse(problems);

    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      await pauseIngest(db, organisationId);
      const [existing] = await findResources(db, organisationId, { key: wanted.key });
      if (existing !== undefined) {
        refuseOther(existing, wanted);
        return this.withPrices(db, tenant, existing, prices);
      }
      if ((await countResources(db, organisationId)) >= MOST_RESOURCES) {
        throw new ConflictError('too_many_resources', `An organisation has at most ${MOST_RESOURCES} resources.`);
      }

      const resource = { ...wanted, id: newUuid() };
      await insertResource(db, organisationId, resource, this.clock.now());
      await recordAudit(db, tenant, {
        action: 'resource.made',
        subject: { kind: 'resource', id: toPublicId('resource', resource.id) },
        after: { ...wanted },
      });
      const [made] = await findResources(db, organisationId, { id: resource.id });
      invariant(made !== undefined, 'a resource that was stored is there');
      await raiseCatalogRevision(db, organisationId);
      return this.withPrices(db, tenant, made, prices);
    });
  }

  /**
   * Adds a price, which holds for events accepted from now on whose time it is valid for. Prices are never changed: of
   * several in force the one that began last counts, and of two that began together the one added last.
   */
  async addPrice(tenant: Tenant, reference: string, price: NewResourcePrice): Promise<StoredResource> {
    refuse(resourcePriceProblems(price));
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      await pauseIngest(db, organisationId);
      return this.withPrices(db, tenant, await this.get(db, organisationId, reference), [price]);
    });
  }

  async list(tenant: Tenant, after: string | null, limit: number): Promise<StoredResource[]> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, (db) => findResources(db, organisationId, { after, limit }));
  }

  /** @param reference our id or the caller's key @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<StoredResource> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, (db) => this.get(db, organisationId, reference));
  }

  private async get(db: Queryable, organisationId: string, reference: string): Promise<StoredResource> {
    const id = fromPublicId('resource', reference);
    const [found] = await findResources(db, organisationId, id === null ? { key: reference } : { id });
    if (found === undefined) throw new NotFoundError('resource', reference);
    return found;
  }

  /** Adds those prices that the resource does not have as its latest word for their time. */
  private async withPrices(
    db: Parameters<Parameters<Database['tenant']>[1]>[0],
    tenant: Tenant,
    resource: StoredResource,
    prices: readonly NewResourcePrice[],
  ): Promise<StoredResource> {
    const { organisationId } = tenant;
    const wanted = prices.filter((price) => !isLatestWord(resource, price));
    if (wanted.length === 0) return resource;
    if (resource.prices.length + wanted.length > MOST_PRICES) {
      throw new ConflictError('too_many_prices', `A resource has at most ${MOST_PRICES} prices.`);
    }
    for (const price of wanted) await insertResourcePrice(db, organisationId, resource.id, price, this.clock.now());
    await recordAudit(db, tenant, {
      action: 'resource.priced',
      subject: { kind: 'resource', id: toPublicId('resource', resource.id) },
      after: { prices: wanted },
    });
    await raiseCatalogRevision(db, organisationId);
    const [changed] = await findResources(db, organisationId, { id: resource.id });
    return changed!;
  }
}

/** Whether a price says what the last one added for the same time says already. */
function isLatestWord(
  resource: StoredResource,
  { amount, per, currency, validFrom, validTo }: NewResourcePrice,
): boolean {
  const last = resource.prices.findLast((price) => price.validFrom === validFrom && price.validTo === validTo);
  return last?.amount === amount && last.per === per && last.currency === currency;
}

function resourceProblems({ field, filters }: NewResource): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (field !== null && !isValueField(field)) {
    problems.push({ field: 'field', detail: 'must be a field of data, such as data.gpu_seconds, or of usage' });
  }
  if (field === null && filters.length === 0) {
    problems.push({ field: 'field', detail: 'is needed where no filter says which events use the resource' });
  }
  filters.forEach((filter, index) => {
    if (isMeterField(filter.field)) problems.push(...filterProblems(filter, `filters[${index}]`));
    else
      problems.push({
        field: `filters[${index}].field`,
        detail: 'must be data.<name>, usage.<name> or an attribution',
      });
  });
  return problems;
}

function refuse(problems: readonly FieldProblem[]): void {
  const [first] = problems;
  if (first !== undefined)
    throw new InvalidRequestError('invalid_resource', `${first.field}: ${first.detail}`, problems);
}

function refuseOther(existing: StoredResource, wanted: NewResource): void {
  const plain = ({ key, name, unit, eventType, field, filters }: NewResource): unknown =>
    JSON.parse(JSON.stringify({ key, name, unit, eventType, field, filters }));
  if (isDeepStrictEqual(plain(existing), plain(wanted))) return;
  throw new ConflictError(
    'resource_exists',
    `There is a resource '${wanted.key}' with another definition. A resource never changes; make one with another key.`,
    [{ field: 'key', detail: 'is taken by another resource' }],
  );
}
