import { type Micros, scaledToDecimal } from '../../kernel';
import { packStep, readStep } from '../../loops/domain';
import type { CountedCost, MeteredEvent, MetersByType } from '../../metering/domain';
import { BinaryRows, type Copy, type Queryable, uuidBytes } from '../../platform/database';
import { holdIdOf, packGroups, type PendingGroup, SCOPE_FIELDS, type ScopeField, type WorkScope } from '../domain';
import type { EntitlementRules } from '../rules';

const MINUTE_MICROS = 60_000_000;

/** What is looked at in an event. */
export interface EventToCount {
  readonly event: MeteredEvent & {
    readonly parent: string | null;
    readonly step: 'retry' | 'self_correction' | null;
    /** The hold it names, as its sender does: our id or their key. */
    readonly hold: string | null;
  };
  readonly customerId: string;
  /** When it happened. */
  readonly time: Micros;
  /** As the event names it. */
  readonly model: string | null;
}

/** Fields of scope that an event has by itself; subscriptions are found when it is counted. */
const EVENT_FIELDS = SCOPE_FIELDS.filter((field) => field !== 'customer' && field !== 'subscription');
type EventField = Exclude<ScopeField, 'customer' | 'subscription'>;

interface Step {
  readonly at: Micros;
  readonly text: string;
}

/** A group with its steps as they came: events are added in the order of their keys, not of their times. */
interface Gathered {
  readonly group: PendingGroup;
  readonly steps: Step[];
}

/**
 * Adds up, in memory, what counting needs of one commit's events of one organisation. It is made only where the
 * organisation has something that counts.
 */
export class PendingSums {
  private readonly byKey = new Map<string, Gathered>();
  private readonly holds = new Map<string, string>();
  private readonly fields: readonly EventField[];
  private readonly customers: ReadonlySet<string> | 'all';

  constructor(private readonly rules: EntitlementRules) {
    this.fields = fieldsOf(rules);
    this.customers = customersOf(rules);
  }

  get isEmpty(): boolean {
    return this.byKey.size === 0;
  }

  /** @param meters the organisation's, under their own ids */
  add(counted: EventToCount, cost: CountedCost, meters: MetersByType): void {
    const gathered = this.change(counted, cost, meters, 1n);
    const { event, time } = counted;
    if (gathered === null || !this.rules.loops || event.session === null) return;
    const known = cost.amount === null ? null : scaledToDecimal(cost.amount);
    const step = readStep({
      at: time,
      cost: known,
      type: event.type,
      step: event.step,
      session: event.session,
      task: event.task,
      parent: event.parent,
      data: event.data,
    });
    gathered.steps.push({ at: time, text: packStep(step) });
  }

  /**
   * Adds what a correction changes: an event that counts no more is taken off with the cost it had, and what counts in
   * its place is added. What an agent did stays done.
   */
  correct(counted: EventToCount, cost: CountedCost, meters: MetersByType, by: 1n | -1n): void {
    this.change(counted, cost, meters, by);
  }

  groups(): PendingGroup[] {
    const groups: PendingGroup[] = [];
    for (const { group, steps } of this.byKey.values()) {
      steps.sort((a, b) => a.at - b.at);
      groups.push({ ...group, steps: steps.map(({ text }) => text) });
    }
    return groups.filter((group) => !isNothing(group));
  }

  private change(
    { event, customerId, time, model }: EventToCount,
    cost: CountedCost,
    meters: MetersByType,
    sign: bigint,
  ): Gathered | null {
    if (event.hold === null && this.customers !== 'all' && !this.customers.has(customerId)) return null;
    const minute = Math.floor(time / MINUTE_MICROS) * MINUTE_MICROS;
    const holdId = event.hold === null ? null : this.holdOf(event.hold);
    const values = this.fields.map((field) => (field === 'model' ? model : event[field]));
    const key = JSON.stringify([customerId, minute, holdId, ...values]);
    let gathered = this.byKey.get(key);
    if (gathered === undefined) {
      const group = newGroup(scopeOf(customerId, this.fields, values), minute, holdId);
      this.byKey.set(key, (gathered = { group, steps: [] }));
    }
    const { group } = gathered;
    if (cost.amount !== null) group.cost += sign * cost.amount;
    group.actions += Number(sign);
    if (cost.pending) group.pendingEvents += Number(sign);
    this.countUnits(group, customerId, event, meters, sign);
    return gathered;
  }

  private countUnits(
    { units }: PendingGroup,
    customerId: string,
    event: MeteredEvent,
    meters: MetersByType,
    sign: bigint,
  ): void {
    const { meters: wanted, spendOf } = this.rules;
    const isCharged = spendOf === 'all' || spendOf.has(customerId);
    if (!isCharged && wanted.size === 0) return;
    for (const { meter, matches, valueOf, measure } of meters.get(event.type) ?? []) {
      if (!(isCharged || wanted.has(meter.id)) || !matches(event)) continue;
      const measured = measure.of(valueOf(event));
      if (measured !== null) units.set(meter.id, (units.get(meter.id) ?? 0n) + sign * measured.quantity);
    }
  }

  private holdOf(name: string): string {
    let id = this.holds.get(name);
    if (id === undefined) this.holds.set(name, (id = holdIdOf(this.rules.organisationId, name)));
    return id;
  }
}

/**
 * The fields by which events are told apart. What is charged and burned is written down with all of them, and loops look
 * at all; otherwise only what a cap looks at.
 */
function fieldsOf({ caps, wallets, loops, spendOf }: EntitlementRules): readonly EventField[] {
  if (loops || wallets.length > 0 || spendOf === 'all' || spendOf.size > 0) return EVENT_FIELDS;
  const wanted = new Set(caps.flatMap(({ scope, each }) => [...Object.keys(scope), ...each]));
  return EVENT_FIELDS.filter((field) => wanted.has(field));
}

/** Whose events anything counts; others' are only looked at where they name a hold. */
function customersOf({ caps, wallets, loops }: EntitlementRules): ReadonlySet<string> | 'all' {
  const customers = new Set(wallets.map(({ customerId }) => customerId));
  for (const { scope } of caps) {
    if (scope.customer === undefined) return 'all';
    customers.add(scope.customer);
  }
  return loops ? 'all' : customers;
}

function scopeOf(customer: string, fields: readonly EventField[], values: readonly (string | null)[]): WorkScope {
  const scope: Partial<Record<ScopeField, string>> & { customer: string } = { customer };
  for (const [index, field] of fields.entries()) {
    const value = values[index];
    if (value !== null && value !== undefined) scope[field] = value;
  }
  return scope;
}

function newGroup(scope: WorkScope, minute: Micros, holdId: string | null): PendingGroup {
  return { scope, minute, holdId, cost: 0n, actions: 0, pendingEvents: 0, units: new Map(), steps: [] };
}

/** A change that takes off what it adds, such as a cost written again, leaves nothing to count. */
function isNothing({ cost, actions, pendingEvents, units, steps }: PendingGroup): boolean {
  if (cost !== 0n || actions !== 0 || pendingEvents !== 0 || steps.length > 0) return false;
  return [...units.values()].every((quantity) => quantity === 0n);
}

const COPY = 'COPY entitlement_pending (organisation_id, batch, summary) FROM STDIN (FORMAT binary)';

/**
 * The COPY that leaves one group commit's events to be counted, a row for each organisation that counts any; null where
 * none does.
 */
export function pendingEntitlementCopy(batch: number, sums: ReadonlyMap<string, PendingSums>): Copy | null {
  const rows = new BinaryRows();
  let any = false;
  for (const [organisationId, ofOrganisation] of sums) {
    const groups = ofOrganisation.groups();
    if (groups.length === 0) continue;
    rows.row(3);
    rows.uuid(uuidBytes(organisationId));
    rows.bigint(batch);
    rows.text(packGroups(groups));
    any = true;
  }
  return any ? { sql: COPY, data: rows.finish() } : null;
}

/** Leaves what a correction changes to be counted, in its transaction. @param batch that of the correction */
export async function appendPending(
  db: Queryable,
  organisationId: string,
  batch: number,
  groups: readonly PendingGroup[],
): Promise<void> {
  if (groups.length === 0) return;
  await db.query('INSERT INTO entitlement_pending (organisation_id, batch, summary) VALUES ($1, $2, $3)', [
    organisationId,
    batch,
    packGroups(groups),
  ]);
}
