import { Inject, Injectable } from '@nestjs/common';
import { actingFor, actorOf, type Tenant } from '../access';
import type { Plan } from '../catalog';
import {
  Clock,
  ConflictError,
  Decimal,
  decimalText,
  DomainError,
  fromPublicId,
  invariant,
  InvariantError,
  newUuid,
  NotFoundError,
  type Period,
  toPublicId,
} from '../kernel';
import { Database } from '../platform/database';
import type { PeriodicJob } from '../platform/jobs';
import { type CustomerQuestion, CustomerSimulator } from './customer-simulator';
import {
  type CostChange,
  NO_CUSTOMERS,
  type SimulatedPeriod,
  simulatedPeriods,
  summarise,
  type SimulatedCustomer,
} from './domain';
import { customersOfPlan, everyCustomer, nextCustomers } from './persistence/chosen-customers';
import {
  type CustomerOrder,
  type CustomerPosition,
  findOutcomes,
  insertOutcomes,
  type StoredOutcome,
} from './persistence/simulated-customers';
import {
  findSimulation,
  insertSimulation,
  listSimulations,
  RUNNING_SIMULATIONS,
  saveSimulation,
  type SimulationRecord,
} from './persistence/simulation-store';
import { fromKeptPlan, type KeptPlan, toKeptPlan } from './stored-plan';

export type Simulation = SimulationRecord<KeptPlan>;

/** A simulation as it is asked for, with every name looked up. */
export interface NewSimulation {
  readonly name: string | null;
  readonly candidates: readonly { readonly name: string; readonly plan: Plan }[];
  readonly baseline: 'current' | Plan | null;
  /** At most one of the two; neither: everybody. */
  readonly customerIds: readonly string[] | null;
  readonly planKey: string | null;
  readonly range: Period;
  readonly timeZone: string;
  readonly costChanges: readonly CostChange[];
  readonly lossAbovePercent: Decimal;
}

/** Customers looked at in one transaction: fewer where each has many months and plans. */
const LARGEST_PAGE = 200;
const SMALLEST_PAGE = 10;
const RATINGS_A_PAGE = 2_400;
/** How long a request works on it before it answers; the job goes on. */
const INLINE_MS = 1_000;
const EVERY_MS = 1_000;
const OUR_FAULT = 'Something went wrong on our side; it has been logged.';

/**
 * Tells what plans would have asked of customers for usage that is stored. It goes page by page in short transactions, by
 * the request as long as it may take and by a job from there, and goes on where it stood after a restart.
 *
 * Plans are kept as they were when it began. Usage is read as it is when a page is: what is sent meanwhile, for months
 * that are simulated, may be in it or not.
 */
@Injectable()
export class SimulationsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CustomerSimulator) private readonly simulator: CustomerSimulator,
  ) {}

  /** Goes on with what no request waits for. */
  job(): PeriodicJob {
    return {
      name: 'simulate plans',
      everyMs: EVERY_MS,
      run: async (stopping) => {
        const { rows } = await this.database.owner.query<{ organisation_id: string; id: string }>(RUNNING_SIMULATIONS);
        const failures: unknown[] = [];
        for (const { organisation_id, id } of rows) {
          try {
            let more = true;
            while (more && !stopping.aborted) more = await this.step(actingFor(organisation_id), id);
          } catch (error) {
            failures.push(error);
          }
        }
        if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of ${rows.length} failed`);
      },
    };
  }

  /** Begins a simulation. A repeat begins another; it changes nothing that is billed. */
  async begin(tenant: Tenant, wanted: NewSimulation): Promise<Simulation> {
    const { organisationId } = tenant;
    const id = newUuid();
    await this.database.tenant(organisationId, async (db) => {
      const createdAt = this.clock.now();
      const chosen = await this.choose(tenant, wanted);
      const { apiKeyId, name: madeBy } = await actorOf(db, tenant);
      const isEmpty = chosen.total === 0;
      await insertSimulation(db, organisationId, {
        id,
        status: isEmpty ? 'done' : 'running',
        name: wanted.name,
        definition: {
          candidates: wanted.candidates.map(({ name, plan }) => ({ name, plan: toKeptPlan(plan) })),
          baseline: wanted.baseline === null || wanted.baseline === 'current' ? wanted.baseline : toKeptPlan(wanted.baseline), // prettier-ignore
          planKey: wanted.planKey,
          costChanges: wanted.costChanges.map((change) => ({ ...change, percent: decimalText(change.percent) })),
          lossAbovePercent: decimalText(wanted.lossAbovePercent),
        },
        from: wanted.range.start,
        to: wanted.range.end,
        timeZone: wanted.timeZone,
        ...chosen,
        position: null,
        customers: 0,
        events: 0,
        ratings: 0,
        summaries: wanted.candidates.map(() => NO_CUSTOMERS),
        failedReason: null,
        apiKeyId,
        madeBy,
        createdAt,
        finishedAt: isEmpty ? createdAt : null,
      });
    });
    await this.workOn(tenant, id);
    return this.find(tenant, toPublicId('simulation', id));
  }

  /** @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<Simulation> {
    const id = fromPublicId('simulation', reference);
    const found = id === null ? null : await this.lookUp(tenant, id);
    if (found === null) throw new NotFoundError('simulation', reference);
    return found;
  }

  /** Newest first. */
  async list(tenant: Tenant, before: string | null, limit: number): Promise<Simulation[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      listSimulations<KeptPlan>(db, tenant.organisationId, before, limit),
    );
  }

  /** Customers under one candidate, as far as it has come. */
  async customers(
    tenant: Tenant,
    simulation: Simulation,
    candidate: number,
    order: CustomerOrder,
    after: CustomerPosition | null,
    limit: number,
  ): Promise<StoredOutcome[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      findOutcomes(db, tenant.organisationId, simulation.id, candidate, order, after, limit),
    );
  }

  /**
   * Stops it; what it has found stays. A page that is under way is not written any more. A repeat changes nothing.
   *
   * @throws NotFoundError, ConflictError `simulation_finished`
   */
  async cancel(tenant: Tenant, reference: string): Promise<Simulation> {
    const { id } = await this.find(tenant, reference);
    await this.database.tenant(tenant.organisationId, async (db) => {
      const simulation = (await findSimulation<KeptPlan>(db, tenant.organisationId, id, true))!;
      if (simulation.status === 'cancelled') return;
      if (simulation.status !== 'running') throw finished(simulation);
      await saveSimulation(db, tenant.organisationId, {
        ...simulation,
        status: 'cancelled',
        finishedAt: this.clock.now(),
      });
    });
    return this.find(tenant, reference);
  }

  /**
   * Works on one page of customers: reads and rates them as of one instant, holding no lock, then writes them down if
   * nobody else has and it wasn't cancelled meanwhile.
   *
   * @returns whether there is more to do
   */
  async step(tenant: Tenant, id: string): Promise<boolean> {
    const { organisationId } = tenant;
    const begun = await this.lookUp(tenant, id);
    if (begun?.status !== 'running') return false;
    const ids = await this.database.tenant(organisationId, (db) =>
      nextCustomers(db, organisationId, chosenBy(begun), begun.position, pageOf(begun)),
    );
    const simulated = await this.simulatePage(tenant, begun, ids);

    return this.database.tenant(organisationId, async (db) => {
      const current = (await findSimulation<KeptPlan>(db, organisationId, id, true))!;
      if (current.status !== 'running') return false;
      if (current.position !== begun.position) return true;
      if (typeof simulated === 'string') {
        const failed = { status: 'failed', failedReason: simulated, finishedAt: this.clock.now() } as const;
        await saveSimulation(db, organisationId, { ...current, ...failed });
        return false;
      }
      for (const candidate of current.summaries.keys()) {
        const outcomes = simulated.map((customer) => customer.outcomes[candidate]!);
        await insertOutcomes(db, organisationId, id, candidate, outcomes);
      }
      const next = withPage(current, ids, simulated, this.clock.now());
      await saveSimulation(db, organisationId, next);
      return next.status === 'running';
    });
  }

  private async workOn(tenant: Tenant, id: string): Promise<void> {
    const until = performance.now() + INLINE_MS;
    let more = true;
    while (more && performance.now() < until) more = await this.step(tenant, id);
  }

  private async lookUp(tenant: Tenant, id: string): Promise<Simulation | null> {
    return this.database.tenant(tenant.organisationId, (db) => findSimulation<KeptPlan>(db, tenant.organisationId, id));
  }

  /** What the customers come to, or why they can't: something that the next try would meet again. */
  private async simulatePage(
    tenant: Tenant,
    simulation: Simulation,
    ids: readonly string[],
  ): Promise<SimulatedCustomer[] | string> {
    if (ids.length === 0) return [];
    try {
      return await this.simulator.simulate(tenant, ids, questionOf(simulation));
    } catch (error) {
      if (error instanceof DomainError) return error.message;
      // A fault of ours is one again at every try; a database that is away is another matter.
      if (error instanceof InvariantError || error instanceof TypeError || error instanceof RangeError) {
        await this.fail(tenant, simulation.id);
      }
      throw error;
    }
  }

  private async fail(tenant: Tenant, id: string): Promise<void> {
    const { organisationId } = tenant;
    const failed = { status: 'failed', failedReason: OUR_FAULT, finishedAt: this.clock.now() } as const;
    await this.database.tenant(organisationId, async (db) => {
      const current = (await findSimulation<KeptPlan>(db, organisationId, id, true))!;
      if (current.status === 'running') await saveSimulation(db, organisationId, { ...current, ...failed });
    });
  }

  private async choose(
    tenant: Tenant,
    { customerIds, planKey }: NewSimulation,
  ): Promise<Pick<Simulation, 'customerIds' | 'lastCustomerId' | 'total'>> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      const ids = planKey === null ? customerIds : await customersOfPlan(db, organisationId, planKey, this.clock.now());
      if (ids !== null) return { customerIds: ids, lastCustomerId: null, total: ids.length };
      const { total, lastId } = await everyCustomer(db, organisationId);
      return { customerIds: null, lastCustomerId: lastId, total };
    });
  }
}

function chosenBy({ customerIds, lastCustomerId }: Simulation): {
  customerIds: readonly string[] | null;
  lastId: string | null;
} {
  return { customerIds, lastId: lastCustomerId };
}

function questionOf(simulation: Simulation): CustomerQuestion {
  const { definition, timeZone } = simulation;
  const { candidates, baseline, planKey, costChanges } = definition;
  return {
    periods: periodsOf(simulation),
    timeZone,
    candidates: candidates.map(({ plan }) => fromKeptPlan(plan)),
    baseline: baseline === null || baseline === 'current' ? baseline : fromKeptPlan(baseline),
    planKey,
    costChanges: costChanges.map((change) => ({ ...change, percent: new Decimal(change.percent) })),
  };
}

/** How many customers are a page. */
function pageOf(simulation: Simulation): number {
  const { candidates, baseline } = simulation.definition;
  const ratings = periodsOf(simulation).length * (candidates.length + (baseline === null ? 0 : 1));
  return Math.min(LARGEST_PAGE, Math.max(SMALLEST_PAGE, Math.floor(RATINGS_A_PAGE / ratings)));
}

function periodsOf({ from, to, timeZone }: Simulation): SimulatedPeriod[] {
  const periods = simulatedPeriods({ start: from, end: to }, timeZone);
  invariant(periods !== null, 'a simulation has no more months than it may have');
  return periods;
}

/** What is known once a page is done. The page is the last where it leaves nobody. */
function withPage(
  simulation: Simulation,
  ids: readonly string[],
  simulated: readonly SimulatedCustomer[],
  now: Date,
): Simulation {
  const lossAbove = new Decimal(simulation.definition.lossAbovePercent);
  const customers = simulation.customers + simulated.length;
  const isLast = ids.length < pageOf(simulation) || customers >= simulation.total;
  return {
    ...simulation,
    status: isLast ? 'done' : 'running',
    finishedAt: isLast ? now : null,
    position: ids.at(-1) ?? simulation.position,
    customers,
    events: simulated.reduce((all, { outcomes }) => all + outcomes[0]!.events, simulation.events),
    ratings: simulated.reduce((all, { ratings }) => all + ratings, simulation.ratings),
    summaries: simulation.summaries.map((summary, candidate) =>
      simulated.reduce((before, { outcomes }) => summarise(before, outcomes[candidate]!, lossAbove), summary),
    ),
  };
}

function finished({ status }: Simulation): ConflictError {
  return new ConflictError(
    'simulation_finished',
    `The simulation is ${status} already; there is nothing left to cancel.`,
  );
}
