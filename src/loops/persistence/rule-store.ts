import type { Queryable } from '../../platform/database';
import { type LoopRuleSet, ruleSetOf, type SaidRules } from '../domain';
import { LoopRuleRequest, shownRules, toSaidRules } from '../loop-rule.schema';

/** What was said for a task class; null for all. */
export interface StoredRules {
  readonly taskClass: string | null;
  readonly said: SaidRules;
  readonly changedAt: Date;
}

/** Those for all first, then by class. */
export async function readRules(db: Queryable, organisationId: string): Promise<StoredRules[]> {
  const rows = await db.query<{ task_class: string; definition: unknown; changed_at: Date }>(
    'SELECT task_class, definition, changed_at FROM loop_rule WHERE organisation_id = $1 ORDER BY task_class',
    [organisationId],
  );
  return rows.map(({ task_class, definition, changed_at }) => ({
    taskClass: task_class === '' ? null : task_class,
    said: toSaidRules(LoopRuleRequest.parse(definition)),
    changedAt: changed_at,
  }));
}

export function toRuleSet(stored: readonly StoredRules[]): LoopRuleSet {
  const classes = stored.flatMap(({ taskClass, said }) => (taskClass === null ? [] : [[taskClass, said] as const]));
  return ruleSetOf(stored.find(({ taskClass }) => taskClass === null)?.said ?? null, new Map(classes));
}

export async function saveRules(db: Queryable, organisationId: string, rules: StoredRules): Promise<void> {
  await db.query(
    `INSERT INTO loop_rule (organisation_id, task_class, definition, changed_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (organisation_id, task_class) DO UPDATE
        SET definition = excluded.definition, changed_at = excluded.changed_at`,
    [organisationId, rules.taskClass ?? '', JSON.stringify(shownRules(rules.said)), rules.changedAt],
  );
}

/** @returns whether there were any */
export async function removeRules(db: Queryable, organisationId: string, taskClass: string | null): Promise<boolean> {
  const removed = await db.query(
    'WITH removed AS (DELETE FROM loop_rule WHERE organisation_id = $1 AND task_class = $2 RETURNING 1) SELECT * FROM removed',
    [organisationId, taskClass ?? ''],
  );
  return removed.length > 0;
}
