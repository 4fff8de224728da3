import { Decimal, decimalText, type Micros, sum, ZERO } from '../../kernel';
import type { CallEvidence, Finding } from './finding';
import type {
  ClassProfile,
  DepthRule,
  FindingKind,
  LoopAction,
  NoProgressRule,
  PingPongRule,
  PollingAllowance,
  RateRule,
  RepeatRule,
} from './rules';
import type { KnownCall, LoopState } from './state';
import type { Step } from './step';

const SECOND: Micros = 1_000_000;
const MINUTE: Micros = 60 * SECOND;
/** What is spent "at present" is the mean of this many minutes, or of as many as the session has lasted. */
const PRESENT_MINUTES = 5;
/** A rate is for reading, and an estimate. */
const RATE_DIGITS = 12;
const MOST_EVIDENCE = 5;

/** The same call for the n-th time. Only the step's own call can cross the line. */
export function findRepeat(state: LoopState, step: Step, rule: RepeatRule | null): Finding | null {
  const call = state.calls.find(({ hash }) => hash === step.call);
  if (rule === null || call === undefined || call.count < 2) return null;
  const from = (state.lastAt ?? step.at) - rule.withinSeconds * SECOND;
  const recent = call.moments.filter(([at]) => at >= from);
  const inARow = recent.filter(([at]) => at >= (state.progressAt ?? at)).length;

  const failed = step.failure !== null;
  const limitInARow = failed ? rule.failedInARow : rule.inARow;
  const isInARow = inARow >= limitInARow;
  if (!isInARow && recent.length < rule.inAll) return null;
  const sentence =
    `${named(call.name)} was called ${times(call.count)} with the same arguments` +
    `${step.call === step.ask ? '' : ' and the same result'}${failed ? ', which is a failure' : ''}` +
    `${isInARow ? `, the last ${times(inARow)} with nothing new in between` : ''}.`;
  return finding(state, step, 'repeat', rule.action, {
    measured: new Decimal(call.count),
    limit: new Decimal(isInARow ? limitInARow : rule.inAll),
    calls: [call],
    wasted: isInARow ? new Decimal(state.idle.cost) : new Decimal(call.again),
    unpriced: isInARow ? state.idle.unpriced : call.unpriced,
    sentence,
  });
}

/** A tool that may be polled, and is polled faster than that. */
export function findPolling(
  state: LoopState,
  step: Step,
  { perMinute }: PollingAllowance,
  rule: RepeatRule | null,
): Finding | null {
  const call = state.calls.find(({ hash }) => hash === step.ask);
  if (rule === null || perMinute === null || call === undefined) return null;
  const polls = call.moments.filter(([at]) => at > step.at - MINUTE && at <= step.at).length;
  if (polls <= perMinute) return null;
  return finding(state, step, 'repeat', rule.action, {
    measured: new Decimal(call.count),
    limit: new Decimal(perMinute),
    calls: [call],
    wasted: new Decimal(call.again),
    unpriced: call.unpriced,
    sentence: `${named(call.name)} was asked the same ${times(polls)} within a minute; its rule allows ${perMinute}.`,
  });
}

/** A B A B …, to the very end of what was called. */
export function findPingPong(state: LoopState, step: Step, rule: PingPongRule | null): Finding | null {
  if (rule === null || step.call === null) return null;
  const last = state.order.slice(-2 * rule.rounds);
  const [first, second] = last;
  if (last.length < 2 * rule.rounds || first![1] === second![1]) return null;
  if (!last.every(([, hash], index) => hash === last[index % 2]![1])) return null;
  if (last.at(-1)![0] - first![0] > rule.withinSeconds * SECOND) return null;

  const calls = state.calls.filter(({ hash }) => hash === first![1] || hash === second![1]);
  const pairs = Math.max(rule.rounds, ...(calls.length === 2 ? [Math.min(calls[0]!.count, calls[1]!.count)] : []));
  const names = calls.map(({ name }) => named(name));
  return finding(state, step, 'ping_pong', rule.action, {
    measured: new Decimal(pairs),
    limit: new Decimal(rule.rounds),
    calls,
    wasted: new Decimal(state.idle.cost),
    unpriced: state.idle.unpriced,
    sentence: `${names.join(' and ') || 'Two calls'} were called in turn ${times(pairs)}, each with the same arguments, and nothing else in between.`,
  });
}

/** Money that is spent while nothing new appears. */
export function findNoProgress(
  state: LoopState,
  step: Step,
  rule: NoProgressRule | null,
  currency: string | null,
): Finding | null {
  const { idle, progressAt } = state;
  if (rule === null || step.cost === null) return null;
  const cost = new Decimal(idle.cost);
  const calls = idle.old + (rule.countUnknown ? idle.unknown : 0);
  if (calls < rule.calls || cost.lessThan(rule.cost)) return null;
  return finding(state, step, 'no_progress', rule.action, {
    measured: cost,
    limit: rule.cost,
    calls: state.calls.filter(({ count, lastAt }) => count > 1 && lastAt >= (progressAt ?? lastAt)),
    wasted: cost,
    unpriced: idle.unpriced,
    sentence: `${amount(cost, currency)} was spent on ${calls} calls that brought nothing new.`,
  });
}

/** Money that is spent far faster than the task class does. */
export function findRate(
  state: LoopState,
  step: Step,
  rule: RateRule | null,
  profile: ClassProfile | null,
  currency: string | null,
): Finding | null {
  if (rule === null || profile === null || step.cost === null || profile.sessions < rule.leastSessions) return null;
  const spent = spentIn(state, rule.minutes);
  const limit = profile.costPerMinute.times(rule.times).times(rule.minutes);
  if (!spent.greaterThan(limit) || spent.lessThan(rule.cost)) return null;
  return finding(state, step, 'rate', rule.action, {
    measured: spent,
    limit,
    calls: [],
    wasted: spent.minus(profile.costPerMinute.times(rule.minutes)),
    unpriced: 0,
    sentence:
      `${amount(spent, currency)} was spent within ${minutes(rule.minutes)}, more than ${decimalText(rule.times)} times ` +
      `what this task class spends: ${amount(profile.costPerMinute, currency)} in a busy minute.`,
  });
}

/** Sub-agents that start sub-agents that start sub-agents. */
export function findDepth(state: LoopState, step: Step, rule: DepthRule | null): Finding | null {
  if (rule === null || state.depth <= Math.max(rule.deepest, state.depthSeen)) return null;
  return finding(state, step, 'depth', rule.action, {
    measured: new Decimal(state.depth),
    limit: new Decimal(rule.deepest),
    calls: [],
    wasted: ZERO,
    unpriced: 0,
    sentence: `Work runs ${state.depth} levels below the session; ${rule.deepest} are allowed.`,
  });
}

/** What the session spends a minute at present: the mean of its last minutes, by the times of its events. */
export function spendPerMinute(state: LoopState): Decimal {
  if (state.firstAt === null || state.lastAt === null) return ZERO;
  const lasted = Math.floor(state.lastAt / MINUTE) - Math.floor(state.firstAt / MINUTE) + 1;
  const taken = Math.min(PRESENT_MINUTES, lasted);
  return spentIn(state, taken).dividedBy(taken).toDecimalPlaces(RATE_DIGITS);
}

function spentIn({ minutes: spent, lastAt }: LoopState, count: number): Decimal {
  const oldest = Math.floor((lastAt ?? 0) / MINUTE) - count + 1;
  return sum(spent.filter(([minute]) => minute >= oldest).map(([, cost]) => new Decimal(cost)));
}

function finding(
  state: LoopState,
  step: Step,
  kind: FindingKind,
  action: LoopAction,
  rest: Pick<Finding, 'measured' | 'limit' | 'wasted' | 'unpriced' | 'sentence'> & {
    readonly calls: readonly KnownCall[];
  },
): Finding {
  const most = [...rest.calls].sort((a, b) => b.count - a.count || (a.hash < b.hash ? -1 : 1)).slice(0, MOST_EVIDENCE);
  return { kind, action, at: step.at, ...rest, calls: most.map(evidenceOf), perMinute: spendPerMinute(state) };
}

function evidenceOf({ hash, name, count, firstAt, lastAt, again, unpriced }: KnownCall): CallEvidence {
  return { hash, name, count, firstAt, lastAt, cost: new Decimal(again), unpriced };
}

function named(name: string | null): string {
  return name === null ? 'One call' : `'${name}'`;
}

function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
}

function minutes(count: number): string {
  return count === 1 ? 'a minute' : `${count} minutes`;
}

function amount(value: Decimal, currency: string | null): string {
  return currency === null ? decimalText(value) : `${decimalText(value)} ${currency}`;
}
