import {
  fromStoredPlan,
  type Plan,
  PlanEntity,
  PriceEntity,
  toPlain,
  toStoredCurrencies,
  toStoredPrice,
} from '../catalog';
import { Decimal, decimalText } from '../kernel';

type StoredPrice = Omit<ReturnType<typeof toStoredPrice>, 'allowance'> & { readonly allowance: string | null };

/** A whole plan as JSON, so that a simulation keeps what it began with: also a draft, or a plan that was never saved. */
export type KeptPlan = Pick<Plan, 'id' | 'key' | 'version' | 'name' | 'currency' | 'interval' | 'status'> & {
  readonly terms: PlanEntity['terms'];
  readonly currencies: PlanEntity['currencies'];
  readonly prices: readonly StoredPrice[];
};

export function toKeptPlan(plan: Plan): KeptPlan {
  const { id, key, version, name, currency, interval, status } = plan;
  return {
    ...{ id, key, version, name, currency, interval, status },
    terms: toPlain(plan.terms ?? {}),
    currencies: toStoredCurrencies(plan.currencies),
    prices: plan.prices.map((price, position) => ({
      ...toStoredPrice(price, position),
      allowance: price.allowance === null ? null : decimalText(price.allowance),
    })),
  };
}

/** @throws ZodError when what was kept is not a plan, which is a fault of ours */
export function fromKeptPlan({ prices, ...header }: KeptPlan): Plan {
  return fromStoredPlan(
    Object.assign(new PlanEntity(), header),
    prices.map(({ allowance, ...price }) =>
      Object.assign(new PriceEntity(), price, { allowance: allowance === null ? null : new Decimal(allowance) }),
    ),
  );
}
