import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In, IsNull } from 'typeorm';
import type { Tenant } from '../access';
import { ConflictError, type FieldProblem, InvalidRequestError } from '../kernel';
import { Database } from '../platform/database';
import { documentDiff, type FieldChange, meterProblems, type Plan, sameDefinition } from './domain';
import { FeaturesService, type NewFeature, sameFeature } from './features.service';
import { type MarginBelowFloor, MarginGuards } from './margin-guards';
import { type MeterFilling, MetersService, type NewMeter } from './meters.service';
import { FeatureEntity } from './persistence/feature.entity';
import { MeterEntity } from './persistence/meter.entity';
import { lockPlanDocument, lockPlanKey } from './persistence/plan-rows';
import { featureInDocument, meterInDocument, type PlanDocument, planInDocument } from './plan-document.schema';
import { MOST_PROBLEMS, type NewPlan, problemsOfPlan } from './plan-references';
import { PlansService } from './plans.service';

/** Features, meters and plans that are to be there, together. */
export interface WantedDocument {
  readonly features: readonly NewFeature[];
  readonly meters: readonly NewMeter[];
  readonly plans: readonly NewPlan[];
}

/** What applying did to one thing of a file, or would do. */
export interface DocumentChange {
  readonly kind: 'feature' | 'meter' | 'plan';
  readonly key: string;
  readonly action: 'create' | 'new_version' | 'unchanged';
  /** The plan's version from then on; null for what has none. */
  readonly version: number | null;
  /** What differs from the version before; nothing for what is made. */
  readonly fields: readonly FieldChange[];
}

interface Applied {
  readonly changes: readonly DocumentChange[];
  /** Plans that were published, by key, as far as all their meters were there before. */
  readonly published: ReadonlyMap<string, Plan>;
  readonly fillings: readonly MeterFilling[];
}

/** Takes what was tried back: whoever tried has seen it. */
class TriedOnly extends Error {
  constructor(readonly applied: Applied) {
    super('tried only');
  }
}

/** Applies files of plans, all or nothing, and writes what there is as such a file. */
@Injectable()
export class PlanDocumentsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(FeaturesService) private readonly features: FeaturesService,
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(PlansService) private readonly plans: PlansService,
    @Inject(MarginGuards) private readonly guards: MarginGuards,
  ) {}

  /**
   * Makes what isn't there, and publishes a version of each plan whose newest one says something else. All of it in one
   * transaction, or nothing. A repeat changes nothing. Things that the file doesn't name stay as they are.
   *
   * @param options.dryRun says what would happen, refusals included, and changes nothing
   * @throws InvalidRequestError `invalid_document`, ConflictError `feature_exists`, `meter_differs`, `meter_archived`,
   *         `too_many_meters`, `margin_below_floor`
   */
  async apply(
    tenant: Tenant,
    wanted: WantedDocument,
    options: { readonly dryRun: boolean; readonly reason: string | null },
  ): Promise<readonly DocumentChange[]> {
    refuseProblems(ownProblems(wanted));
    const tried = await this.tryOut(tenant, wanted);
    const below = new Map<string, MarginBelowFloor>();
    for (const plan of tried.published.values()) {
      const found = await this.guards.check(tenant, plan, options.reason);
      if (found !== null) below.set(plan.key, found);
    }
    if (options.dryRun) return tried.changes;

    const applied = await this.database.tenant(tenant.organisationId, (db) =>
      this.inOne(db, tenant, wanted, options.reason, below),
    );
    for (const filling of applied.fillings) await this.meters.announce(filling);
    return applied.changes;
  }

  /** Everything that is on sale, with all features and meters, by key: applied again it changes nothing. */
  async export(tenant: Tenant): Promise<PlanDocument> {
    return this.database.snapshot(tenant.organisationId, async (db) => {
      const features = await this.features.all(tenant);
      const meters = await db.findBy(MeterEntity, { archivedAt: IsNull() });
      const plans = await this.plans.onSale(tenant);
      return {
        features: features.map(featureInDocument),
        meters: meters.sort(byKey).map(meterInDocument),
        plans: plans.map((plan) => planInDocument(withMeterKeys(plan, meters))),
      };
    });
  }

  /** Does everything and takes it back, so that a dry run is refused for what the real one would be refused for. */
  private async tryOut(tenant: Tenant, wanted: WantedDocument): Promise<Applied> {
    try {
      return await this.database.apart(tenant.organisationId, () =>
        this.database.tenant(tenant.organisationId, async (db) => {
          throw new TriedOnly(await this.inOne(db, tenant, wanted, null, new Map()));
        }),
      );
    } catch (error) {
      if (error instanceof TriedOnly) return error.applied;
      throw error;
    }
  }

  private async inOne(
    db: EntityManager,
    tenant: Tenant,
    wanted: WantedDocument,
    reason: string | null,
    below: ReadonlyMap<string, MarginBelowFloor>,
  ): Promise<Applied> {
    const { organisationId } = tenant;
    // Two files at once would wait for each other's things crosswise.
    await lockPlanDocument(db, organisationId);
    const changes: DocumentChange[] = [];
    for (const feature of wanted.features) changes.push(await this.applyFeature(db, tenant, feature));
    const [made, fillings] = await this.applyMeters(db, tenant, wanted.meters, changes);

    for (const key of wanted.plans.map((plan) => plan.key).sort()) await lockPlanKey(db, organisationId, key);
    refuseProblems(await planProblemsOf(db, organisationId, wanted.plans));
    const published = new Map<string, Plan>();
    for (const plan of wanted.plans) {
      const { newest, same, plan: next } = await this.plans.compare(tenant, plan);
      changes.push({
        kind: 'plan',
        key: plan.key,
        action: same !== null ? 'unchanged' : newest === null ? 'create' : 'new_version',
        version: (same ?? next).version,
        fields: newest === null || same !== null ? [] : await this.fieldsOf(db, newest, next),
      });
      if (same !== null) continue;
      const options = { reason, source: 'code' as const };
      const stored = await this.plans.insertPublished(db, tenant, next, options, below.get(plan.key) ?? null);
      if (!namesOneOf(plan, made)) published.set(plan.key, stored);
    }
    return { changes, published, fillings };
  }

  private async applyFeature(db: EntityManager, tenant: Tenant, wanted: NewFeature): Promise<DocumentChange> {
    const found = await db.findOneBy(FeatureEntity, { key: wanted.key });
    const same = found !== null && sameFeature(found, wanted);
    if (!same) await this.features.create(tenant, wanted);
    return changeOf('feature', wanted.key, same);
  }

  /** @returns the keys of the meters that were made, and what there is to count for them */
  private async applyMeters(
    db: EntityManager,
    tenant: Tenant,
    wanted: readonly NewMeter[],
    changes: DocumentChange[],
  ): Promise<[ReadonlySet<string>, readonly MeterFilling[]]> {
    const found = await db.findBy(MeterEntity, { key: In(wanted.map(({ key }) => key)) });
    refuseOtherMeters(wanted, found);
    const made = new Set<string>();
    const fillings: MeterFilling[] = [];
    for (const meter of wanted) {
      const same = found.some(({ key, archivedAt }) => key === meter.key && archivedAt === null);
      changes.push(changeOf('meter', meter.key, same));
      if (same) continue;
      const { filling } = await this.meters.store(tenant, meter);
      made.add(meter.key);
      if (filling !== null) fillings.push(filling);
    }
    return [made, fillings];
  }

  private async fieldsOf(db: EntityManager, before: Plan, after: Plan): Promise<readonly FieldChange[]> {
    const ids = [...before.prices, ...after.prices].map(({ meterId }) => meterId).filter((id) => id !== null);
    const meters = ids.length === 0 ? [] : await db.findBy(MeterEntity, { id: In(ids) });
    const [one, other] = [before, after].map((plan) => planInDocument(withMeterKeys(plan, meters)));
    return documentDiff(one, other);
  }
}

function changeOf(kind: 'feature' | 'meter', key: string, same: boolean): DocumentChange {
  return { kind, key, action: same ? 'unchanged' : 'create', version: null, fields: [] };
}

/** A plan as it could be asked for, by the keys of its meters. */
function withMeterKeys(plan: Plan, meters: readonly MeterEntity[]): NewPlan {
  const keys = new Map(meters.map(({ id, key }) => [id, key]));
  const prices = plan.prices.map(({ id: _, meterId, ...price }) => ({
    ...price,
    meter: meterId === null ? null : keys.get(meterId)!,
  }));
  return { ...plan, prices };
}

/** Of a meter that was made just now nobody knows yet what it counts, and so what a plan with it would charge. */
function namesOneOf({ prices }: NewPlan, made: ReadonlySet<string>): boolean {
  return prices.some(({ meter, charge }) => {
    const floor = charge.model === 'outcome' ? charge.costFloor?.meter : undefined;
    return [meter, floor].some((name) => typeof name === 'string' && made.has(name));
  });
}

/** What is wrong with a file by itself. */
function ownProblems({ features, meters, plans }: WantedDocument): FieldProblem[] {
  return [
    ...twice(features, 'features'),
    ...twice(meters, 'meters'),
    ...meters.flatMap((meter, index) =>
      meterProblems(meter).map(({ field, detail }) => ({ field: `meters[${index}].${field}`, detail })),
    ),
    ...twice(plans, 'plans'),
  ];
}

function twice(items: readonly { readonly key: string }[], list: string): FieldProblem[] {
  return items.flatMap(({ key }, index) =>
    items.findIndex((other) => other.key === key) === index
      ? []
      : [{ field: `${list}[${index}].key`, detail: 'is there twice' }],
  );
}

async function planProblemsOf(
  db: EntityManager,
  organisationId: string,
  plans: readonly NewPlan[],
): Promise<FieldProblem[]> {
  const all: FieldProblem[] = [];
  for (const [index, plan] of plans.entries()) {
    const { problems } = await problemsOfPlan(db, organisationId, plan);
    all.push(...problems.map(({ field, detail }) => ({ field: `plans[${index}].${field}`, detail })));
  }
  return all;
}

function refuseProblems(problems: readonly FieldProblem[]): void {
  const first = problems[0];
  if (first === undefined) return;
  throw new InvalidRequestError(
    'invalid_document',
    `${first.field}: ${first.detail}`,
    problems.slice(0, MOST_PROBLEMS),
  );
}

function refuseOtherMeters(wanted: readonly NewMeter[], found: readonly MeterEntity[]): void {
  const others = wanted.flatMap((meter, index) => {
    const stored = found.find(({ key, archivedAt }) => key === meter.key && archivedAt === null);
    const same = stored === undefined || (stored.name === meter.name && sameDefinition(stored, meter));
    return same ? [] : [{ field: `meters[${index}]`, detail: `the meter '${meter.key}' says something else` }];
  });
  if (others.length === 0) return;
  throw new ConflictError(
    'meter_differs',
    `${others[0]!.field}: ${others[0]!.detail}. A file never changes a meter, since that counts all events anew: change it with PUT /v1/meters, or write what it says.`,
    others,
  );
}

function byKey(one: { readonly key: string }, other: { readonly key: string }): number {
  return one.key < other.key ? -1 : 1;
}
