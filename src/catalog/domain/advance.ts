import type { Plan, Price } from './plan';

/** Whether a price is billed when its fee period begins, and not with the usage of a period that is over. */
export function isAdvance({ terms }: Pick<Price, 'terms'>): boolean {
  return terms?.billing !== undefined;
}

/** Whether anything of a plan is billed in advance. */
export function hasAdvance({ prices }: Pick<Plan, 'prices'>): boolean {
  return prices.some(isAdvance);
}

/**
 * A plan as a period that is over is charged by it: without what was billed in advance. The same object where nothing
 * is, so that whoever remembers plans by it goes on remembering.
 *
 * Discounts, minimum, maximum and commitment of the plan see what is left, and so never a fee in advance.
 */
export function arrearsPlan<P extends Plan>(plan: P): P {
  return hasAdvance(plan) ? { ...plan, prices: plan.prices.filter((price) => !isAdvance(price)) } : plan;
}
