import { type Micros, scaledToDecimal } from '../../kernel';
import { type Finding, type Severity, severityOf } from '../../loops';
import type { Counting } from '../counting/counting-step';
import { counterRefs, dropOver, limitAt, type WorkScope } from '../domain';
import { COUNTER_COLUMNS, type CounterRow, toCounter } from '../persistence/counter-store';

/**
 * What caps leave a session that runs away: those of cost that stop work, with what this transaction has counted
 * already. Caps of one subscription are left out: which one an event is for is not known.
 */
export class CapsLeft {
  private readonly zones = new Map<string, string>();

  constructor(private readonly counting: Counting) {}

  /** What is at stake at a finding, and the cap that will stop it first. */
  async severityOf(
    { at, perMinute, unpriced }: Pick<Finding, 'at' | 'perMinute' | 'unpriced'>,
    scope: WorkScope,
  ): Promise<{ severity: Severity; capId: string | null }> {
    let least: { severity: Severity & { known: true }; capId: string } | null = null;
    for (const { capId, available, resetsAt } of await this.capsLeft(scope, at)) {
      const severity = severityOf(perMinute, unpriced > 0, { available, resetsAt }, at);
      if (!severity.known) return { severity, capId: null };
      if (least === null || severity.amount.lessThan(least.severity.amount)) least = { severity, capId };
    }
    return least ?? { severity: severityOf(perMinute, unpriced > 0, null, at), capId: null };
  }

  private async capsLeft(scope: WorkScope, at: Micros) {
    const { db, organisationId, rules } = this.counting;
    const caps = rules.caps.filter(({ measure, kind, active }) => measure === 'cost' && kind !== 'soft' && active);
    if (caps.length === 0) return [];
    const facts = { timeZone: await this.zoneOf(scope.customer), subscriptions: [] };
    const refs = counterRefs({ caps, settings: rules.settings }, scope, at, facts);
    const rows = await db.query<CounterRow>(
      `SELECT ${COUNTER_COLUMNS} FROM cap_counter WHERE organisation_id = $1 AND id = ANY ($2::uuid[])`,
      [organisationId, refs.map(({ id }) => id)],
    );
    const counters = new Map(rows.map((row) => [row.id, toCounter(row)]));
    return refs.map(({ id, cap, period }) => {
      const counter = counters.get(id);
      if (counter !== undefined) dropOver(counter, cap, at / 1_000_000);
      const used = counter === undefined ? 0n : counter.settled + counter.held;
      const left = limitAt(cap, at / 1_000) - used;
      return { capId: cap.id, available: scaledToDecimal(left > 0n ? left : 0n), resetsAt: period.end };
    });
  }

  private async zoneOf(customerId: string): Promise<string> {
    const known = this.zones.get(customerId);
    if (known !== undefined) return known;
    const [row] = await this.counting.db.query<{ time_zone: string }>(
      'SELECT time_zone FROM customer WHERE organisation_id = $1 AND id = $2',
      [this.counting.organisationId, customerId],
    );
    this.zones.set(customerId, row!.time_zone);
    return row!.time_zone;
  }
}
