import { intervalInWords, type StoredPlan } from '../catalog';
import { ConflictError, type Currency, InvalidRequestError } from '../kernel';
import { currencyOf, cycleAt, fitsCycle } from './domain';
import type { MoveMode } from './domain';
import { offersCurrency } from './plan-offered';
import type { SubscriptionWithPlan } from './assemble-subscription';

/** What a move says, as far as it can be refused. */
interface MoveToRefuse {
  readonly wanted: { readonly mode: MoveMode };
  readonly to: StoredPlan;
  /** What the request calls the customers it lists, by our ids; null for a move without a list. */
  readonly listed: ReadonlyMap<string, string> | null;
}

/** A subscription that is to be moved. */
interface MovedOrNot {
  readonly about: SubscriptionWithPlan;
  /** When it would have its new plan. */
  readonly at: Date;
  /** When its first period without an invoice begins. */
  readonly openFrom: Date;
}

/** So many of a kind are named in a refusal. */
const NAMED = 5;

/** Gathers why subscriptions can't be moved, so that one refusal tells about all of them. */
export class MoveRefusals {
  private readonly closed: string[] = [];
  private readonly currencies = new Set<Currency>();
  private readonly intervals = new Set<string>();
  private readonly notOnPlan: Map<string, string>;

  constructor(private readonly move: MoveToRefuse) {
    this.notOnPlan = new Map(move.listed ?? []);
  }

  note({ about, at, openFrom }: MovedOrNot): void {
    this.notOnPlan.delete(about.customer.id);
    if (this.move.wanted.mode === 'stay') return;
    if (at.getTime() < openFrom.getTime()) {
      this.closed.push(`'${about.subscription.key}' has invoices up to ${openFrom.toISOString()}`);
    }
    const cycle = cycleAt(about, at);
    if (!fitsCycle(this.move.to, cycle)) this.intervals.add(intervalInWords(cycle));
    const currency = currencyOf(about);
    if (!offersCurrency(this.move.to, currency)) this.currencies.add(currency);
  }

  /** @throws ConflictError `period_closed`, InvalidRequestError `interval_differs`, `plan_lacks_currency` or `not_on_plan` */
  raise(): void {
    if (this.closed.length > 0) {
      const detail = `is in a period that has its invoice: ${some(this.closed)}`;
      throw new ConflictError('period_closed', `effectiveAt ${detail}.`, [{ field: 'effectiveAt', detail }]);
    }
    if (this.intervals.size > 0) {
      const detail = `'${this.move.to.key}' is billed by the ${intervalInWords(this.move.to)}, and some subscriptions by the ${[...this.intervals].sort().join(', ')}`;
      throw new InvalidRequestError('interval_differs', `toPlan: ${detail}.`, [{ field: 'toPlan', detail }]);
    }
    if (this.currencies.size > 0) {
      const detail = `'${this.move.to.key}' has no prices in ${[...this.currencies].sort().join(', ')}, which some subscriptions are charged in`;
      throw new InvalidRequestError('plan_lacks_currency', `toPlan: ${detail}.`, [{ field: 'toPlan', detail }]);
    }
    if (this.notOnPlan.size > 0) {
      const detail = `have no subscription to the plan at that instant: ${some([...this.notOnPlan.values()])}`;
      throw new InvalidRequestError('not_on_plan', `Some customers ${detail}.`, [{ field: 'customers', detail }]);
    }
  }
}

function some(texts: readonly string[]): string {
  const more = texts.length - NAMED;
  return `${texts.slice(0, NAMED).join('; ')}${more > 0 ? ` and ${more} more` : ''}`;
}
