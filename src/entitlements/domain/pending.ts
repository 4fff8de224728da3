import { type Micros, scaledFromText, scaledText } from '../../kernel';
import type { WorkScope } from './scope';

/**
 * Events of one commit that agree in customer, scope, minute and hold, added up: what counting needs of them. A
 * correction leaves the same form with what is taken off below zero. Amounts count 10^-24.
 */
export interface PendingGroup {
  /** Without a subscription: events name none. Of the other fields those that something counts by. */
  readonly scope: WorkScope;
  /** Start of the minute (UTC). */
  readonly minute: Micros;
  /** The hold they name, by our id; null for none. */
  readonly holdId: string | null;
  cost: bigint;
  /** Events: each is an action. */
  actions: number;
  /** Among them those whose cost isn't known yet: it is in `cost` with nothing. */
  pendingEvents: number;
  /** Of the meters that caps, wallets or rules need, by their uuid. */
  readonly units: Map<string, bigint>;
  /** What agents did, as `packStep` of loops writes it, in the order of the events' times; empty where there are no rules. */
  readonly steps: string[];
}

/** A row that waits to be counted. */
export interface PendingRow {
  readonly id: string;
  readonly batch: number;
  readonly groups: readonly PendingGroup[];
}

/** A group as it is stored: scope, minute, hold, cost, actions, pending events, units, steps. */
type PackedGroup = [WorkScope, Micros, string | null, string, number, number, Record<string, string>, string[]];

/** Groups as the text of a row. */
export function packGroups(groups: readonly PendingGroup[]): string {
  return JSON.stringify(
    groups.map(({ scope, minute, holdId, cost, actions, pendingEvents, units, steps }): PackedGroup => {
      const texts = [...units].map(([meterId, quantity]) => [meterId, scaledText(quantity)] as const);
      return [scope, minute, holdId, scaledText(cost), actions, pendingEvents, Object.fromEntries(texts), steps];
    }),
  );
}

/** The groups of a row's text. */
export function unpackGroups(summary: string): PendingGroup[] {
  const packed = JSON.parse(summary) as PackedGroup[];
  return packed.map(([scope, minute, holdId, cost, actions, pendingEvents, units, steps]) => ({
    scope,
    minute,
    holdId,
    cost: scaledFromText(cost),
    actions,
    pendingEvents,
    units: new Map(Object.entries(units).map(([meterId, quantity]) => [meterId, scaledFromText(quantity)])),
    steps,
  }));
}
