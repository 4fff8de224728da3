import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { planInCurrency, PlansService, type StoredPlan } from '../catalog';
import { type FieldProblem, InvalidRequestError, NotFoundError } from '../kernel';
import type { SubscriptionWithPlan } from './assemble-subscription';
import { isWithin, type Override, planAt } from './domain';

/** Terms for one price, and when they hold. */
type Terms = Pick<Override, 'priceKey' | 'definition' | 'fromAt' | 'toAt'>;

/** Holds what a subscription agrees on for a price against the plans it is to hold for. */
@Injectable()
export class AgreedTerms {
  constructor(@Inject(PlansService) private readonly plans: PlansService) {}

  /**
   * Every plan version that has the price while the terms hold must be right with them.
   *
   * @param agreed the subscription as it is to be
   * @param named what the request calls a field of the terms: `quantity` may be `quantities.seats` to it
   * @throws       NotFoundError `price_not_found` when no version has it, InvalidRequestError `invalid_override`
   */
  async refuseWrong(
    tenant: Tenant,
    about: SubscriptionWithPlan,
    agreed: SubscriptionWithPlan,
    terms: Terms,
    named: (field: string) => string = (field) => field,
  ): Promise<void> {
    const plans = plansWith(agreed, terms);
    if (plans.length === 0) throw new NotFoundError('price', terms.priceKey);

    for (const plan of plans) {
      const problems = problemsOfPrice(plan, terms, await this.problemsBy(tenant, about, agreed, plan));
      if (problems.length === 0) continue;
      const told = problems.map(({ field, detail }) => ({ field: named(field), detail }));
      const [{ field, detail }] = told as [FieldProblem];
      throw new InvalidRequestError('invalid_override', `${field}: ${detail}`, told);
    }
  }

  /** What is wrong with a plan as agreed, and isn't with the plan itself, whose other currencies are nobody's here. */
  private async problemsBy(
    tenant: Tenant,
    about: SubscriptionWithPlan,
    agreed: SubscriptionWithPlan,
    plan: StoredPlan,
  ): Promise<FieldProblem[]> {
    const own = [...agreed.phases, ...about.phases].find((phase) => phase.plan.id === plan.id)!.plan;
    const before = await this.plans.problemsOf(tenant, {
      ...planInCurrency(own, plan.currency),
      currencies: undefined,
    });
    const after = await this.plans.problemsOf(tenant, { ...plan, currencies: undefined });
    return after.filter((problem) => !before.some((each) => isDeepStrictEqual(each, problem)));
  }
}

/** The plans a subscription has while terms for a price hold, as far as they have the price. */
export function plansWith(agreed: SubscriptionWithPlan, terms: Terms): StoredPlan[] {
  const begins = agreed.phases.map(({ fromAt }) => fromAt).filter((at) => isWithin(at, terms));
  return [terms.fromAt, ...begins]
    .map((at) => planAt(agreed, at))
    .filter(({ prices }) => prices.some(({ key }) => key === terms.priceKey));
}

/** The problems with the price, in the words of the request: `prices[2].charge.unitPrice` is `charge.unitPrice`. */
function problemsOfPrice(
  plan: StoredPlan,
  { priceKey, definition }: Terms,
  problems: readonly FieldProblem[],
): FieldProblem[] {
  const at = `prices[${plan.prices.findIndex(({ key }) => key === priceKey)}].`;
  const about = problems.map(({ field, detail }) => ({
    field: field.startsWith(at) ? field.slice(at.length) : field,
    detail,
  }));
  const { charge } = plan.prices.find(({ key }) => key === priceKey)!;
  if (definition.quantity === undefined || charge.model === 'recurring') return about;
  return [...about, { field: 'quantity', detail: 'is for recurring prices, and this one is not' }];
}
