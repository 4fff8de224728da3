import type { Currency, FieldProblem } from '../../kernel';
import { isAdvance } from './advance';
import type { Charge } from './charge';
import { chargeProblems } from './charge-problems';
import { currencyProblems } from './currency-problems';
import { intervalProblems } from './interval-problems';
import type { MeterDefinition } from './meter';
import { meterUseProblems } from './meter-use';
import type { PlanToCheck, PlanWorld, PriceToCheck } from './plan-to-check';
import { planTermsProblems, priceTermsProblems } from './terms-problems';
import { usageNeeds } from './usage-needs';

/**
 * Says everything that is wrong with a plan, by field; nothing when it can be published.
 *
 * - Each price: its charge can be rated, its meter is there and keeps what the charge needs, its terms fit the charge.
 * - Together: keys are used once; pools, pricing units, features and prices that are named are there; units that go on
 *   to another price go to a later one, so that they can't come back.
 * - Its billing period isn't too long, for whoever waits for a bill and for what its prices look back on.
 * - In every currency: each price that holds money says how much, by the same model. Cost is charged on in the currency
 *   it is kept in, and in no other.
 */
export function planProblems(plan: PlanToCheck, world: PlanWorld): FieldProblem[] {
  const prices = new Set(plan.prices.map(({ key }) => key));
  const advance = new Set(plan.prices.filter(isAdvance).map(({ key }) => key));
  return [
    ...plan.prices.flatMap((price, index) =>
      [
        ...chargeProblems(price),
        ...meterProblemsOf(price, world),
        ...costProblems(price.charge, plan.currency, world.costCurrency),
        ...priceTermsProblems(price, world.features),
        ...referenceProblems(plan, price, index),
      ].map((problem) => ({ ...problem, field: `prices[${index}].${problem.field}` })),
    ),
    ...intervalProblems(plan),
    ...planTermsProblems(plan.terms ?? {}, { prices, advance, features: world.features }),
    ...currencyProblems(plan, world),
  ];
}

function meterProblemsOf({ charge, meter }: PriceToCheck, world: PlanWorld): FieldProblem[] {
  const say = (detail: string): FieldProblem[] => [{ field: 'meter', detail }];
  const needs = usageNeeds(charge);
  const problems: FieldProblem[] = [];
  if (meter === null) {
    if (needs.meter === 'needed') problems.push(...say(`is needed for the model ${charge.model}`));
    if (needs.meter === 'optional') problems.push(...say('is needed unless the charge has a quantity: how many?'));
  } else {
    const why = charge.model === 'flat' ? 'for a flat amount' : 'beside a quantity of the charge';
    if (needs.meter === 'none') problems.push(...say(`has no meaning ${why}; leave it out`));
    const definition = world.meters.get(meter);
    if (definition === undefined) problems.push(...say(noMeter(meter)));
    else problems.push(...useProblems(charge, definition, world.changing?.get(meter)));
  }
  const floorMeter = charge.model === 'outcome' ? charge.costFloor?.meter : undefined;
  if (floorMeter !== undefined && !world.meters.has(floorMeter)) {
    problems.push({ field: 'charge.costFloor.meter', detail: noMeter(floorMeter) });
  }
  return problems;
}

function useProblems(charge: Charge, now: MeterDefinition, soon: MeterDefinition | undefined): FieldProblem[] {
  const problems = meterUseProblems(charge, now);
  return problems.length > 0 || soon === undefined ? problems : meterUseProblems(charge, soon);
}

function noMeter(name: string): string {
  return `there is no meter '${name.slice(0, 80)}'`;
}

function costProblems(charge: Charge, currency: Currency, costCurrency: Currency): FieldProblem[] {
  if (!usageNeeds(charge).cost || currency === costCurrency) return [];
  const field = charge.model === 'outcome' ? 'charge.costFloor' : 'charge.model';
  return [{ field, detail: `needs a plan in ${costCurrency}, the currency costs are kept in` }];
}

/** What a price says about other parts of its plan. */
function referenceProblems(plan: PlanToCheck, price: PriceToCheck, index: number): FieldProblem[] {
  const { pool, beyond, pricingUnit } = price.terms ?? {};
  const problems: FieldProblem[] = [];
  const say = (field: string, detail: string): void => void problems.push({ field, detail });

  if (plan.prices.findIndex((other) => other.key === price.key) !== index) {
    say('key', 'is used by an earlier price of this plan');
  }
  if (price.key.startsWith('plan:')) say('key', 'must not begin with plan:, as lines of the whole plan do on invoices');
  if (pool !== undefined && !plan.terms?.pools?.some(({ key }) => key === pool.key)) {
    say('pool.key', `there is no pool '${pool.key.slice(0, 80)}' in this plan`);
  }
  if (pricingUnit !== undefined) {
    if (!plan.terms?.pricingUnits?.some(({ key }) => key === pricingUnit)) {
      say('pricingUnit', `there is no pricing unit '${pricingUnit.slice(0, 80)}' in this plan`);
    }
    if (usageNeeds(price.charge).cost) say('pricingUnit', 'must be left out: cost is in a currency, not in a unit of ours'); // prettier-ignore
  }
  if (typeof beyond === 'object') problems.push(...beyondProblems(plan, beyond.price, index));
  return problems;
}

/** Units go on to a later price only, so they never come back; and to one that a bare quantity is enough for. */
function beyondProblems(plan: PlanToCheck, key: string, index: number): FieldProblem[] {
  const field = 'beyond.price';
  const target = plan.prices.findIndex((other) => other.key === key);
  const price = plan.prices[target];
  if (price === undefined) return [{ field, detail: `there is no price '${key.slice(0, 80)}' in this plan` }];
  if (target <= index) return [{ field, detail: 'must be a later price of this plan' }];
  if (price.terms?.pool !== undefined) return [{ field, detail: 'must not draw from a pool itself' }];
  if (TAKES_MORE_UNITS.has(price.charge.model)) return [];
  return [{ field, detail: `must be charged by ${[...TAKES_MORE_UNITS].join(', ')}: the units come without groups or times` }]; // prettier-ignore
}

const TAKES_MORE_UNITS: ReadonlySet<string> = new Set(['unit', 'graduated', 'volume', 'package', 'stair_step']);
