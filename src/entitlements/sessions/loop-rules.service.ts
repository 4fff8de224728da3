import { Inject, Injectable } from '@nestjs/common';
import { recordAudit, type Tenant } from '../../access';
import { Clock, ConflictError, NotFoundError } from '../../kernel';
import {
  LARGEST_RULE,
  type LoopRules,
  readRules,
  removeRules,
  rulesFor,
  type SaidRules,
  saveRules,
  shownRules,
  type StoredRules,
  toRuleSet,
} from '../../loops';
import { Database } from '../../platform/database';
import { pauseEntitlements, raiseCapsRevision } from '../persistence/locks';

/** Rules as they were said, and as they hold. */
export interface RulesInForce extends StoredRules {
  readonly rules: LoopRules;
}

/** Keeps the rules that say when an agent runs away. They hold for what is counted from now on. */
@Injectable()
export class LoopRulesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Says the rules of a task class anew, or those for all. A repeat says the same once more.
   *
   * @param taskClass null for all that have none of their own
   * @throws ConflictError `too_many_loop_rules`
   */
  async put(tenant: Tenant, taskClass: string | null, said: SaidRules): Promise<RulesInForce> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      await raiseCapsRevision(db, organisationId);
      await pauseEntitlements(db, organisationId);
      const stored = await readRules(db, organisationId);
      const before = stored.find((rules) => rules.taskClass === taskClass);
      if (before === undefined && stored.length >= LARGEST_RULE.classes) {
        throw new ConflictError(
          'too_many_loop_rules',
          `An organisation has rules for at most ${LARGEST_RULE.classes} task classes. Remove one, or say it in those for all.`,
        );
      }

      const rules: StoredRules = { taskClass, said, changedAt: this.clock.now() };
      await saveRules(db, organisationId, rules);
      await recordAudit(db, tenant, {
        action: 'loop_rules.changed',
        subject: { kind: 'loop_rules', id: nameOf(taskClass) },
        before: before === undefined ? undefined : shownRules(before.said),
        after: shownRules(said),
      });
      return inForce([...stored.filter((each) => each !== before), rules], rules);
    });
  }

  /** Those for all first, then by class. */
  async list(tenant: Tenant): Promise<RulesInForce[]> {
    const { organisationId } = tenant;
    const stored = await this.database.tenant(organisationId, (db) => readRules(db, organisationId));
    return stored.map((rules) => inForce(stored, rules));
  }

  /** @throws NotFoundError where nothing is said of this class */
  async find(tenant: Tenant, taskClass: string | null): Promise<RulesInForce> {
    const found = (await this.list(tenant)).find((rules) => rules.taskClass === taskClass);
    if (found === undefined) throw new NotFoundError('loop rules', nameOf(taskClass));
    return found;
  }

  /** @throws NotFoundError where nothing is said of this class */
  async remove(tenant: Tenant, taskClass: string | null): Promise<void> {
    const { organisationId } = tenant;
    await this.database.tenant(organisationId, async (db) => {
      await raiseCapsRevision(db, organisationId);
      await pauseEntitlements(db, organisationId);
      const before = (await readRules(db, organisationId)).find((rules) => rules.taskClass === taskClass);
      if (before === undefined) throw new NotFoundError('loop rules', nameOf(taskClass));
      await removeRules(db, organisationId, taskClass);
      await recordAudit(db, tenant, {
        action: 'loop_rules.removed',
        subject: { kind: 'loop_rules', id: nameOf(taskClass) },
        before: shownRules(before.said),
      });
    });
  }
}

/** The name by which the rules for all are addressed. */
export const FOR_ALL = 'default';

export function nameOf(taskClass: string | null): string {
  return taskClass ?? FOR_ALL;
}

function inForce(stored: readonly StoredRules[], rules: StoredRules): RulesInForce {
  return { ...rules, rules: rulesFor(toRuleSet(stored), rules.taskClass) };
}
