import { Injectable } from '@nestjs/common';
import { newUuid, toPublicId } from '../../kernel';
import {
  type ClassProfile,
  type Finding,
  insertFindings,
  lockStates,
  type LoopRuleSet,
  NO_LOOP_RULES,
  observe,
  readProfile,
  readRules,
  rulesFor,
  saveStates,
  type Step,
  type StoredFinding,
  type StoredState,
  toRuleSet,
  unpackStep,
} from '../../loops';
import { insertAlerts } from '../alerts/alert-store';
import type { Counting } from '../counting/counting-step';
import { type Alert, type SessionControl, sessionKey, type WorkScope } from '../domain';
import { lockSessions, makeSessions, saveSessions } from '../persistence/session-store';
import { applyFinding, goOnThrottling } from './apply-finding';
import { CapsLeft } from './caps-left';

/** How long a process believes what it read of a class, in milliseconds: a profile moves slowly. */
const PROFILE_BELIEVED_MS = 60_000;
const MOST_REMEMBERED = 1_000;

/** A step with what it was done for. */
interface Work {
  readonly step: Step;
  readonly scope: WorkScope;
}

interface Watched {
  readonly customerId: string;
  readonly session: string;
  /** In the order of their times. */
  readonly works: Work[];
}

/** Looks at what agents did, in the transaction that counts it: whoever decides afterwards knows of it. */
@Injectable()
export class LoopWatcher {
  private readonly rules = new Map<string, { readonly revision: string; readonly set: LoopRuleSet }>();
  private readonly profiles = new Map<string, { readonly until: number; readonly profile: ClassProfile }>();

  /** Takes the steps of the rows into what is remembered of their sessions, stores findings and does what they ask for. */
  readonly watch = async (counting: Counting): Promise<void> => {
    if (!counting.rules.loops) return;
    const watched = sessionsOf(counting);
    if (watched.length === 0) return;
    const { db, organisationId, now } = counting;
    const set = await this.ruleSet(counting);

    const controls = await lockSessions(db, organisationId, watched);
    const states = await lockStates(db, organisationId, watched);
    const after: StoredState[] = [];
    const found: { finding: Finding; work: Work; session: Watched; taskClass: string | null }[] = [];
    for (const [index, session] of watched.entries()) {
      let { state, taskClass } = states[index]!;
      const control = controls.get(sessionKey(session.customerId, session.session))!;
      for (const work of session.works) {
        taskClass = work.step.taskClass ?? taskClass;
        const rules = rulesFor(set, taskClass);
        if (rules === NO_LOOP_RULES) continue;
        const profile = rules.rate === null ? null : await this.profile(counting, taskClass, rules.rate.leastSessions);
        const seen = observe(state, work.step, rules, { profile, currency: counting.rules.costCurrency });
        state = seen.state;
        for (const finding of seen.findings) found.push({ finding, work, session, taskClass });
        goOnThrottling(control, rules, seen.standing, now);
      }
      if (state !== states[index]!.state) after.push({ ...states[index]!, state, taskClass });
    }
    await saveStates(db, organisationId, after, now);

    await makeAndLock(counting, found.map(({ session }) => session), controls); // prettier-ignore
    const caps = new CapsLeft(counting);
    const findings: StoredFinding[] = [];
    for (const { finding, work, session, taskClass } of found) {
      const { customerId, session: name } = session;
      const stored: StoredFinding = {
        ...finding,
        id: newUuid(),
        customerId,
        session: name,
        agent: work.scope.agent ?? null,
        taskClass,
        currency: counting.rules.costCurrency,
        ...(await caps.severityOf(finding, work.scope)),
        foundAt: now,
        resolvedAt: null,
      };
      findings.push(stored);
      applyFinding(controls.get(sessionKey(customerId, name))!, stored, now);
    }
    await saveSessions(db, organisationId, controls.values(), now);
    await insertFindings(db, organisationId, findings);
    await insertAlerts(db, organisationId, findings.map(toAlert));
  };

  /** As they are at the revision that the transaction holds. */
  private async ruleSet({ db, organisationId, rules: { revision } }: Counting): Promise<LoopRuleSet> {
    const known = this.rules.get(organisationId);
    if (known?.revision === revision) return known.set;
    const set = toRuleSet(await readRules(db, organisationId));
    if (this.rules.size >= MOST_REMEMBERED) this.rules.clear();
    this.rules.set(organisationId, { revision, set });
    return set;
  }

  private async profile(
    { db, organisationId, now }: Counting,
    taskClass: string | null,
    leastSessions: number,
  ): Promise<ClassProfile | null> {
    if (taskClass === null) return null;
    const key = `${organisationId} ${taskClass}`;
    const known = this.profiles.get(key);
    if (known !== undefined && known.until >= now.getTime()) return known.profile;
    const profile = await readProfile(db, organisationId, taskClass);
    if (this.profiles.size >= MOST_REMEMBERED) this.profiles.clear();
    // Of too few sessions it says nothing yet, and may with the next: then it is believed for this transaction only.
    const believedMs = profile.sessions < leastSessions ? 0 : PROFILE_BELIEVED_MS;
    this.profiles.set(key, { until: now.getTime() + believedMs, profile });
    return profile;
  }
}

/** The steps of each session, in the order of their times; sessions in the order in which they are locked. */
function sessionsOf({ rows }: Counting): Watched[] {
  const sessions = new Map<string, Watched>();
  for (const { groups } of rows) {
    for (const { scope, steps } of groups) {
      const { customer: customerId, session } = scope;
      if (session === undefined || steps.length === 0) continue;
      const key = sessionKey(customerId, session);
      let watched = sessions.get(key);
      if (watched === undefined) sessions.set(key, (watched = { customerId, session, works: [] }));
      for (const text of steps) watched.works.push({ step: unpackStep(text), scope });
    }
  }
  for (const { works } of sessions.values()) works.sort((a, b) => a.step.at - b.step.at);
  return [...sessions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, watched]) => watched);
}

/** So that sessions which were found out have a row, which is locked. */
async function makeAndLock(
  { db, organisationId, now }: Counting,
  found: readonly Watched[],
  controls: Map<string, SessionControl>,
): Promise<void> {
  const missing = found.filter(({ customerId, session }) => !controls.get(sessionKey(customerId, session))!.changedBy);
  if (missing.length === 0) return;
  await makeSessions(db, organisationId, missing, now);
  for (const [key, control] of await lockSessions(db, organisationId, missing)) controls.set(key, control);
}

function toAlert(finding: StoredFinding): Alert {
  const { id, customerId, session, kind, action, sentence, foundAt } = finding;
  return {
    kind: 'loop',
    subject: id,
    customerId,
    capId: null,
    session,
    detail: { finding: toPublicId('loopFinding', id), loop: kind, action, detail: sentence },
    at: foundAt,
  };
}
