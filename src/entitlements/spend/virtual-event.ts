import { costEvent, isUsageProblem, readUsage } from '../../costing';
import type { UsageEvent } from '../../events';
import { type Decimal, decimalText, type Micros, scaledToDecimal } from '../../kernel';
import type { CompiledMeter, MeteredEvent } from '../../metering/domain';
import type { WorkScope } from '../domain';
import type { VirtualUnits } from './charged-so-far';
import type { EstimateBook } from './estimate-books';

/** What a model is said to use. */
export interface ModelWork {
  readonly provider: string | null;
  readonly model: string;
  readonly inputTokens: Decimal | null;
  readonly outputTokens: Decimal | null;
}

/** The event that such work would send. */
export function virtualEvent(scope: WorkScope, type: string, work: ModelWork | null, time: Micros): UsageEvent {
  const data: Record<string, unknown> = {};
  if (work !== null) {
    if (work.provider !== null) data['provider'] = work.provider;
    data['model'] = work.model;
    if (work.inputTokens !== null) data['input_tokens'] = decimalText(work.inputTokens);
    if (work.outputTokens !== null) data['output_tokens'] = decimalText(work.outputTokens);
  } else if (scope.model !== undefined) data['model'] = scope.model;
  return {
    id: 'estimate',
    source: 'api',
    type,
    customer: scope.customer,
    time,
    hold: null,
    step: null,
    parent: null,
    cost: null,
    data,
    dataText: null,
    session: scope.session ?? null,
    task: scope.task ?? null,
    agent: scope.agent ?? null,
    feature: scope.feature ?? null,
    department: scope.department ?? null,
    user: scope.user ?? null,
  };
}

/** What it would cost us, counting 10^-24; null where its price isn't known. */
export function costOfVirtual(event: UsageEvent, book: EstimateBook, at: Micros, currency: string): bigint | null {
  const usage = readUsage(event.data);
  if (isUsageProblem(usage)) return null;
  const cost = costEvent(event, usage, at, book.prices, currency);
  if (cost.status === 'none') return 0n;
  return cost.status === 'pending' ? null : cost.amount;
}

/** What meters of the event's type would count, by their ids. */
export function unitsOfVirtual(event: UsageEvent, meters: readonly CompiledMeter[]): Map<string, VirtualUnits> {
  const units = new Map<string, VirtualUnits>();
  for (const compiled of meters) {
    const { meter, matches, valueOf, measure } = compiled;
    if (meter.eventType !== event.type || !matches(event)) continue;
    const measured = measure.of(valueOf(event));
    if (measured === null) continue;
    const quantity = scaledToDecimal(measured.sample?.quantity ?? measured.quantity);
    units.set(meter.id, { meter, quantity, values: valuesOf(compiled, event) });
  }
  return units;
}

/** The values of a meter's groups that an event has, in their order. */
export function valuesOf({ dimensionsOf }: CompiledMeter, event: MeteredEvent): readonly (string | null)[] {
  const text = dimensionsOf(event);
  return text === '' ? [] : (JSON.parse(text) as (string | null)[]);
}
