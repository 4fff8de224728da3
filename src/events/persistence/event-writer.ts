import { scaledFromDecimal, Decimal, type Micros } from '../../kernel';
import { BinaryRows, type Copy } from '../../platform/database';
import type { EventKey, UsageEvent } from '../domain';

/** How an event's cost stands, as the single character that is stored. */
export const COST_STATUS = { priced: 'p', reported: 'r', pending: 'u', none: 'n' } as const;
export type CostStatus = keyof typeof COST_STATUS;

/** An event with everything that was found out about it, ready to be stored. */
export interface EventToStore {
  readonly key: EventKey;
  readonly event: UsageEvent;
  readonly organisationId: string;
  readonly organisationBytes: Buffer;
  readonly customerId: string;
  readonly customerBytes: Buffer;
  /** The sender's time, or ours when they gave none. */
  readonly time: Micros;
  readonly receivedAt: Micros;
  /** Whose model was used and which, as the event names them. */
  readonly provider: string | null;
  readonly model: string | null;
}

/** What an event costs, as it is stored. `amount` counts 10^-24; null while unknown and for what costs nothing. */
export interface StoredCost {
  readonly status: CostStatus;
  readonly amount: bigint | null;
  readonly modelPriceId: number | null;
  /** What was paid for, as JSON: [unit, quantity, price of one] for each unit; null when nothing was priced. */
  readonly breakdown: string | null;
}

const COPY = `COPY event (key, organisation_id, batch, customer_id, time, time_given, received_at, type, source, id,
  session, task, agent, feature, department, "user", parent, hold, step, provider, model, cost, cost_status, model_price_id, cost_breakdown,
  reported_cost, reported_currency, data) FROM STDIN (FORMAT binary)`;
const COLUMNS = 28;

/** Rows in the binary form that `copyEvents` sends. */
export class EventRows {
  private readonly rows = new BinaryRows();

  add(stored: EventToStore, cost: StoredCost, batch: number): void {
    const { rows } = this;
    const { event } = stored;
    rows.row(COLUMNS);
    rows.uuidFromLatin1(stored.key);
    rows.uuid(stored.organisationBytes);
    rows.bigint(batch);
    rows.uuid(stored.customerBytes);
    rows.timestamptz(stored.time);
    rows.bool(event.time !== null);
    rows.timestamptz(stored.receivedAt);
    rows.text(event.type);
    rows.text(event.source);
    rows.text(event.id);
    rows.text(event.session);
    rows.text(event.task);
    rows.text(event.agent);
    rows.text(event.feature);
    rows.text(event.department);
    rows.text(event.user);
    rows.text(event.parent);
    rows.text(event.hold);
    rows.text(event.step);
    rows.text(stored.provider);
    rows.text(stored.model);
    if (cost.amount === null) rows.null();
    else rows.numeric(cost.amount);
    rows.byte(COST_STATUS[cost.status].charCodeAt(0));
    if (cost.modelPriceId === null) rows.null();
    else rows.int(cost.modelPriceId);
    rows.text(cost.breakdown);
    if (event.cost === null) rows.null();
    else rows.numeric(scaledFromDecimal(new Decimal(event.cost.amount)));
    rows.text(event.cost?.currency ?? null);
    rows.text(event.dataText);
  }

  finish(): Buffer {
    return this.rows.finish();
  }
}

/**
 * The COPY that stores rows. It is optimistic: when one of the keys is stored already it fails as a whole with
 * `unique_violation` (23505), and the caller rolls back and looks which.
 */
export function eventCopy(rows: EventRows): Copy {
  return { sql: COPY, data: rows.finish() };
}

/** Whether an error of `eventCopy` says that a key is stored already. */
export function isDuplicateKey(error: unknown): boolean {
  return (error as { code?: string }).code === '23505';
}
