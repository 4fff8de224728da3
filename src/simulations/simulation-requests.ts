import { Inject, Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import type { z } from 'zod';
import type { Tenant } from '../access';
import { type Plan, PlansService, toNewPlan } from '../catalog';
import { CustomerEntity } from '../customers';
import {
  Decimal,
  DomainError,
  type FieldProblem,
  fromPublicId,
  InvalidRequestError,
  NotFoundError,
  type Period,
} from '../kernel';
import { Database } from '../platform/database';
import { CustomerSimulator } from './customer-simulator';
import { MOST_PERIODS, notByTheMonth, simulatedPeriods } from './domain';
import type { SimulationRequest } from './simulations.schema';
import type { NewSimulation } from './simulations.service';

type Asked = z.output<typeof SimulationRequest>;
type PlanAsked = Asked['candidates'][number]['plan'];

const DEFAULT_LOSS_ABOVE = new Decimal(10);

/** Looks up everything that a request for a simulation names. */
@Injectable()
export class SimulationRequests {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(PlansService) private readonly plans: PlansService,
    @Inject(CustomerSimulator) private readonly simulator: CustomerSimulator,
  ) {}

  /**
   * @throws InvalidRequestError `invalid_period`, `invalid_plan` with the candidate's field, `invalid_request`
   * @throws NotFoundError for a plan or customer that isn't there, ConflictError `meter_filling`
   */
  async read(tenant: Tenant, asked: Asked): Promise<NewSimulation> {
    const { name = null, timeZone, customers = {}, baseline } = asked;
    refuseRepeatedNames(asked);
    const range = rangeOf(asked);
    const candidates: NewSimulation['candidates'][number][] = [];
    for (const [index, candidate] of asked.candidates.entries()) {
      const plan = await this.monthlyPlanOf(tenant, candidate.plan, `candidates[${index}].plan`);
      candidates.push({ name: candidate.name, plan });
    }
    await this.simulator.refuseFilling(
      tenant,
      candidates.map(({ plan }) => plan),
    );
    return {
      name,
      candidates,
      baseline:
        baseline === null || baseline === 'current' ? baseline : await this.monthlyPlanOf(tenant, baseline, 'baseline'),
      customerIds: customers.keys === undefined ? null : await this.customerIds(tenant, customers.keys),
      planKey: customers.plan === undefined ? null : (await this.planOf(tenant, customers.plan, 'customers.plan')).key,
      range,
      timeZone,
      costChanges: asked.costChanges.map(({ provider = null, model = null, percent }) => ({
        provider,
        model,
        percent,
      })),
      lossAbovePercent: asked.lossAbovePercent ?? DEFAULT_LOSS_ABOVE,
    };
  }

  /** @throws InvalidRequestError `invalid_plan` where its billing period isn't a month */
  private async monthlyPlanOf(tenant: Tenant, asked: PlanAsked, field: string): Promise<Plan> {
    const plan = await this.planOf(tenant, asked, field);
    const detail = notByTheMonth(plan);
    if (detail === null) return plan;
    const at = typeof asked === 'string' ? field : `${field}.interval`;
    throw new InvalidRequestError('invalid_plan', `${at}: ${detail}`, [{ field: at, detail }]);
  }

  /** A plan that is there, or one that could be: refused as publishing it would be, with the field it is in. */
  private async planOf(tenant: Tenant, asked: PlanAsked, field: string): Promise<Plan> {
    try {
      if (typeof asked === 'string') return await this.plans.find(tenant, asked);
      return await this.plans.check(tenant, toNewPlan(asked));
    } catch (error) {
      if (error instanceof NotFoundError && typeof asked === 'string') throw new NotFoundError('plan', asked, field);
      if (!(error instanceof InvalidRequestError)) throw error;
      throw within(error, field);
    }
  }

  private async customerIds(tenant: Tenant, references: readonly string[]): Promise<string[]> {
    const names = [...new Set(references)];
    const idOf = new Map(names.map((name) => [name, fromPublicId('customer', name)]));
    const found = await this.database.tenant(tenant.organisationId, (db) =>
      db.find(CustomerEntity, {
        where: [
          { key: In(names.filter((name) => idOf.get(name) === null)) },
          { id: In([...idOf.values()].filter((id) => id !== null)) },
        ],
      }),
    );
    const [keys, ids] = [new Set(found.map(({ key }) => key)), new Set(found.map(({ id }) => id))];
    const missing = names.find((name) => !keys.has(name) && !ids.has(idOf.get(name) ?? ''));
    if (missing !== undefined) throw new NotFoundError('customer', missing, 'customers.keys');
    return [...ids].sort();
  }
}

/** The same refusal for a plan that is a part of the request. */
function within(error: DomainError & { code: string }, at: string): InvalidRequestError {
  const fields = error.fields.map(({ field, detail }): FieldProblem => ({ field: `${at}.${field}`, detail }));
  const first = fields[0];
  return new InvalidRequestError(error.code, first === undefined ? error.message : `${first.field}: ${first.detail}`, fields); // prettier-ignore
}

function rangeOf({ from, to, timeZone }: Asked): Period {
  const range = { start: from, end: to };
  if (from.getTime() >= to.getTime()) throw wrongPeriod('from', 'must be before the end of the period');
  if (simulatedPeriods(range, timeZone) === null) {
    throw wrongPeriod('to', `must be at most ${MOST_PERIODS} months after the start of the period`);
  }
  return range;
}

function wrongPeriod(field: string, detail: string): InvalidRequestError {
  return new InvalidRequestError('invalid_period', `${field}: ${detail}`, [{ field, detail }]);
}

/** Candidates are asked for by name. */
function refuseRepeatedNames({ candidates }: Asked): void {
  const index = candidates.findIndex(({ name }, at) => candidates.findIndex((other) => other.name === name) !== at);
  if (index === -1) return;
  const [field, detail] = [`candidates[${index}].name`, 'is the name of an earlier candidate'];
  throw new InvalidRequestError('invalid_request', `${field}: ${detail}`, [{ field, detail }]);
}
