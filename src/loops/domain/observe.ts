import { Decimal, decimalText, ZERO } from '../../kernel';
import type { Finding } from './finding';
import { findDepth, findNoProgress, findPingPong, findPolling, findRate, findRepeat } from './find';
import { type ClassProfile, FINDING_KINDS, type FindingKind, type LoopRules, pollingAllowance } from './rules';
import { isTwin } from './same-moment';
import {
  hasSeen,
  type Idle,
  insertSorted,
  type KnownCall,
  LONGEST_NAME,
  type LoopState,
  MOST,
  NOTHING_IDLE,
  withSeen,
} from './state';
import type { Step } from './step';
import { depthOf, nodesWith } from './tree';

/** A finding that has grown this many times is told again. */
const TOLD_AGAIN = 10;
const MINUTE = 60_000_000;

/** What a step is to the question whether anything comes out of all this. */
type News =
  /** Something that wasn't there before. */
  | 'new'
  /** Known not to be. */
  | 'old'
  /** Nobody can say. */
  | 'unknown'
  /** Another call of the same moment, which has been looked at. */
  | 'twin';

/** What a session's steps are held to beside the rules. */
export interface Surroundings {
  /** What the task class usually spends; null when that is not known, and then no rate is too high. */
  readonly profile: ClassProfile | null;
  /** The organisation's cost currency, for the sentences; null when none is set. */
  readonly currency: string | null;
}

const NO_SURROUNDINGS: Surroundings = { profile: null, currency: null };

export interface Observation {
  readonly state: LoopState;
  /** What is told now. */
  readonly findings: readonly Finding[];
  /** Every kind whose line this step is beyond, told or not. */
  readonly standing: readonly FindingKind[];
}

/**
 * Takes one step of a session into its state, and says what it shows. A line is crossed at the step that reaches it.
 * Each kind of finding is told once, and again when it has grown tenfold or was acknowledged in between.
 *
 * Steps may come in any number of batches: only their order matters, and where they come some seconds late they are put
 * into their place in time, as far as that is still kept.
 *
 * @param rules those of the session's task class
 */
export function observe(
  before: LoopState,
  step: Step,
  rules: LoopRules,
  { profile, currency }: Surroundings = NO_SURROUNDINGS,
): Observation {
  const polling = pollingAllowance(rules, step.kind === 'tool' ? step.name : null);
  const known = knownCall(before, step, polling !== null);
  const isParallel = known?.moments.some((moment) => isTwin(step, moment, before)) ?? false;
  const news: News = isParallel ? 'twin' : newsOf(before, step, polling !== null);

  const state = taken(before, step, news, polling !== null, momentsKept(rules));

  const found = [
    polling === null ? findRepeat(state, step, rules.repeat) : findPolling(state, step, polling, rules.repeat),
    findPingPong(state, step, rules.pingPong),
    findNoProgress(state, step, rules.noProgress, currency),
    findRate(state, step, rules.rate, profile, currency),
    findDepth(state, step, rules.depth),
  ].filter((finding) => finding !== null);
  return tellOnce(state, found);
}

/** Those that have not been told, and a state that knows they are now. */
function tellOnce(state: LoopState, found: readonly Finding[]): Observation {
  const standing = found.map(({ kind }) => kind);
  const findings = found.filter(({ kind, measured }) => {
    const told = state.raised[kind];
    if (told === undefined) return true;
    return measured.greaterThan(told) && !measured.lessThan(new Decimal(told).times(TOLD_AGAIN));
  });
  if (findings.length === 0) return { state, findings, standing };
  const told = findings.map(({ kind, measured }) => [kind, decimalText(measured)] as const);
  return { state: { ...state, raised: { ...state.raised, ...Object.fromEntries(told) } }, findings, standing };
}

/**
 * Begins anew with one kind of finding, or with all: somebody has seen it and lets the session go on. What is known to
 * have been seen stays known, but only what happens from now on counts.
 */
export function acknowledge(state: LoopState, kinds: readonly FindingKind[] = FINDING_KINDS): LoopState {
  const raised = Object.fromEntries(
    Object.entries(state.raised).filter(([kind]) => !kinds.includes(kind as FindingKind)),
  );
  return {
    ...state,
    raised,
    ...(kinds.includes('repeat') ? { calls: [] } : {}),
    ...(kinds.includes('ping_pong') ? { order: [] } : {}),
    ...(kinds.includes('no_progress') ? { idle: NOTHING_IDLE } : {}),
    ...(kinds.includes('rate') ? { minutes: [] } : {}),
    ...(kinds.includes('depth') ? { depthSeen: state.depth } : {}),
  };
}

function knownCall({ calls }: LoopState, step: Step, isPolled: boolean): KnownCall | null {
  const hash = isPolled ? step.ask : step.call;
  return hash === null ? null : (calls.find((call) => call.hash === hash) ?? null);
}

function newsOf(state: LoopState, step: Step, isPolled: boolean): News {
  if (step.progress !== null) return step.progress ? 'new' : 'old';
  if (isPolled) return 'unknown';
  // A tool that fails as it did before has told nothing new, whatever it was asked.
  if (step.failure !== null && hasSeen(state, step.failure)) return 'old';
  if (step.call === null) return step.mark === null ? 'unknown' : 'old';
  if (hasSeen(state, step.call)) return 'old';
  // Models word everything anew each time: that alone brings nobody further.
  if (step.kind === 'model') return 'unknown';
  return 'new';
}

function taken(before: LoopState, step: Step, news: News, isPolled: boolean, kept: number): LoopState {
  const isProgress = news === 'new';
  const hash = isPolled ? step.ask : step.call;
  const lastAt = Math.max(before.lastAt ?? step.at, step.at);
  const nodes = nodesWith(before.nodes, step);
  return {
    ...before,
    firstAt: Math.min(before.firstAt ?? step.at, step.at),
    lastAt,
    calls: hash === null ? before.calls : callsWith(before, step, hash, news, kept),
    seen: seenWith(before, step),
    order: orderWith(before, step, news, isPolled),
    modelsAt: step.kind === 'model' ? insertSorted(before.modelsAt, step.at, MOST.models, Number) : before.modelsAt,
    progressAt: isProgress ? Math.max(before.progressAt ?? step.at, step.at) : before.progressAt,
    idle: isProgress ? idleAfter(before, step) : idleWith(before, step, news),
    minutes: minutesWith(before, step, lastAt),
    nodes,
    depth: Math.max(before.depth, depthOf(nodes, step)),
  };
}

/** Something new that came late, from before the last new thing, changes nothing. */
function idleAfter({ idle, progressAt }: LoopState, step: Step): Idle {
  return progressAt !== null && step.at < progressAt ? idle : NOTHING_IDLE;
}

function idleWith({ idle, progressAt }: LoopState, step: Step, news: News): Idle {
  if (progressAt !== null && step.at < progressAt) return idle;
  return {
    old: idle.old + (news === 'old' ? 1 : 0),
    unknown: idle.unknown + (news === 'unknown' ? 1 : 0),
    cost: plus(idle.cost, step.cost),
    unpriced: idle.unpriced + (step.cost === null ? 1 : 0),
  };
}

function callsWith({ calls }: LoopState, step: Step, hash: string, news: News, kept: number): readonly KnownCall[] {
  const known = calls.find((call) => call.hash === hash);
  const others = calls.filter((call) => call.hash !== hash);
  const isFirst = known === undefined || (news === 'twin' && known.count === 1);
  const call: KnownCall = {
    hash,
    name: step.name?.slice(0, LONGEST_NAME) ?? null,
    count: (known?.count ?? 0) + (news === 'twin' ? 0 : 1),
    firstAt: Math.min(known?.firstAt ?? step.at, step.at),
    lastAt: Math.max(known?.lastAt ?? step.at, step.at),
    again: isFirst ? (known?.again ?? '0') : plus(known.again, step.cost),
    unpriced: (known?.unpriced ?? 0) + (!isFirst && step.cost === null ? 1 : 0),
    moments: news === 'twin' ? known!.moments : momentsWith(known, step, kept),
  };
  return insertSorted(others, call, MOST.calls, ({ lastAt }) => lastAt);
}

function momentsWith(known: KnownCall | undefined, step: Step, kept: number): KnownCall['moments'] {
  return insertSorted(known?.moments ?? [], [step.at, step.durationMs, step.turn] as const, kept, ([at]) => at);
}

/** As many moments as a rule may ask for, so that a state is no longer than it has to be. */
function momentsKept({ repeat, polling }: LoopRules): number {
  const polls = polling.map(({ perMinute }) => (perMinute ?? 0) + 1);
  return Math.max(4, repeat?.inARow ?? 0, repeat?.failedInARow ?? 0, repeat?.inAll ?? 0, ...polls);
}

function seenWith(state: LoopState, step: Step): string {
  return withSeen(state, ...[step.call, step.failure].filter((hash) => hash !== null));
}

/** A request to a model whose wording is new is no state to come back to. */
function orderWith({ order }: LoopState, step: Step, news: News, isPolled: boolean): LoopState['order'] {
  if (step.call === null || isPolled || news === 'twin' || (step.kind === 'model' && news !== 'old')) return order;
  return insertSorted(order, [step.at, step.call] as const, MOST.order, ([at]) => at);
}

function minutesWith({ minutes }: LoopState, step: Step, lastAt: number): LoopState['minutes'] {
  if (step.cost === null || step.cost.isZero()) return minutes;
  const minute = Math.floor(step.at / MINUTE);
  const oldest = Math.floor(lastAt / MINUTE) - MOST.minutes + 1;
  const known = minutes.find(([at]) => at === minute)?.[1] ?? '0';
  const others = minutes.filter(([at]) => at !== minute);
  const spent = [minute, plus(known, step.cost)] as const;
  return insertSorted(others, spent, MOST.minutes, ([at]) => at).filter(([at]) => at >= oldest);
}

function plus(text: string, cost: Decimal | null): string {
  return cost === null ? text : decimalText((text === '0' ? ZERO : new Decimal(text)).plus(cost));
}
