import { Decimal, ONE } from '../../kernel';

/** What is looked for. */
export const FINDING_KINDS = ['repeat', 'ping_pong', 'no_progress', 'rate', 'depth'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** What follows from a finding, mildest first. */
export const LOOP_ACTIONS = ['tell', 'throttle', 'pause', 'stop'] as const;
export type LoopAction = (typeof LOOP_ACTIONS)[number];

/** An identical call, again and again. */
export interface RepeatRule {
  /** How often in a row, which is with nothing new in between. */
  readonly inARow: number;
  /** The same for a call that fails each time. */
  readonly failedInARow: number;
  /** How often within `withinSeconds`, whatever else happened in between. */
  readonly inAll: number;
  readonly withinSeconds: number;
  readonly action: LoopAction;
}

/** Two calls in turn, A B A B …, and no other in between. */
export interface PingPongRule {
  /** How many pairs. */
  readonly rounds: number;
  readonly withinSeconds: number;
  readonly action: LoopAction;
}

/** Spending while nothing new appears. Both bounds have to be reached. */
export interface NoProgressRule {
  /** Calls known to have brought nothing new, since the last that did. */
  readonly calls: number;
  /** What was spent since, in the organisation's cost currency. */
  readonly cost: Decimal;
  /** Whether calls that say nothing of themselves count as bringing nothing new: for senders that mark progress. */
  readonly countUnknown: boolean;
  readonly action: LoopAction;
}

/** Spending far faster than the task class does. */
export interface RateRule {
  /** How many times the class's own rate. */
  readonly times: Decimal;
  /** Over how many minutes the rate is taken, the running one included. */
  readonly minutes: number;
  /** Least that must have been spent in them. */
  readonly cost: Decimal;
  /** Sessions that the class's profile must rest on; with fewer nothing is said. */
  readonly leastSessions: number;
  readonly action: LoopAction;
}

/** Sub-agents of sub-agents. */
export interface DepthRule {
  /** The deepest level that is fine; the session's own agent is level 0. */
  readonly deepest: number;
  readonly action: LoopAction;
}

/** A tool that may be called with the same arguments again and again, such as one that asks whether a job is done. */
export interface PollingAllowance {
  /** Name of the tool; `*` stands for any letters. */
  readonly tool: string;
  /** How many identical calls a minute; null for any number. */
  readonly perMinute: number | null;
}

/** What is looked for, and what follows. A rule that is null is off. */
export interface LoopRules {
  readonly repeat: RepeatRule | null;
  readonly pingPong: PingPongRule | null;
  readonly noProgress: NoProgressRule | null;
  readonly rate: RateRule | null;
  readonly depth: DepthRule | null;
  readonly polling: readonly PollingAllowance[];
}

/** An organisation's rules. */
export interface LoopRuleSet {
  /** For classes that have none of their own, and for work of no class. */
  readonly common: LoopRules;
  readonly classes: ReadonlyMap<string, LoopRules>;
}

/** What somebody has said: of a rule that is not named, the next one's word counts. */
export type SaidRules = Partial<LoopRules>;

/** What sessions of a task class usually spend, from those that are over. */
export interface ClassProfile {
  /** Cost of a busy minute: 95 of 100 sessions never spend more in one. */
  readonly costPerMinute: Decimal;
  readonly sessions: number;
}

/**
 * Where nobody says otherwise. Four identical calls, three that fail and three rounds of two calls are where OpenHands'
 * detector of stuck agents draws the line too; the rest are our own estimates, and mild.
 */
export const DEFAULT_LOOP_RULES: LoopRules = {
  repeat: { inARow: 4, failedInARow: 3, inAll: 8, withinSeconds: 3_600, action: 'pause' },
  pingPong: { rounds: 3, withinSeconds: 3_600, action: 'pause' },
  noProgress: { calls: 10, cost: ONE, countUnknown: false, action: 'tell' },
  rate: { times: new Decimal(5), minutes: 5, cost: ONE, leastSessions: 20, action: 'tell' },
  depth: { deepest: 5, action: 'tell' },
  polling: [],
};

/** Largest values a rule may have. The state of a session is bounded by them. */
export const LARGEST_RULE = {
  calls: 16,
  rounds: 8,
  withinSeconds: 86_400,
  noProgressCalls: 10_000,
  minutes: 60,
  deepest: 60,
  perMinute: 15,
  polling: 50,
  classes: 100,
  toolLength: 200,
} as const;

/** Nothing is looked for. */
export const NO_LOOP_RULES: LoopRules = {
  repeat: null,
  pingPong: null,
  noProgress: null,
  rate: null,
  depth: null,
  polling: [],
};

/**
 * The rules that hold: a class's own words come before those for all, and those before our defaults.
 *
 * @param common what is said for all; null where nothing is: then only the classes that are named are looked at
 */
export function ruleSetOf(common: SaidRules | null, classes: ReadonlyMap<string, SaidRules>): LoopRuleSet {
  const all = { ...DEFAULT_LOOP_RULES, ...common };
  return {
    common: common === null ? NO_LOOP_RULES : all,
    classes: new Map([...classes].map(([name, said]) => [name, { ...all, ...said }])),
  };
}

export function rulesFor({ common, classes }: LoopRuleSet, taskClass: string | null): LoopRules {
  return (taskClass === null ? undefined : classes.get(taskClass)) ?? common;
}

/** The allowance that a tool has: the first that names it. */
export function pollingAllowance({ polling }: LoopRules, tool: string | null): PollingAllowance | null {
  if (tool === null) return null;
  return polling.find((allowance) => matchesPattern(allowance.tool, tool)) ?? null;
}

/** Whether a name matches a pattern in which `*` stands for any letters, also none. Takes at most length × length steps. */
export function matchesPattern(pattern: string, name: string): boolean {
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let starAt = 0;
  while (at < name.length) {
    if (inPattern < pattern.length && pattern[inPattern] === '*') {
      star = inPattern;
      starAt = at;
      inPattern += 1;
    } else if (inPattern < pattern.length && pattern[inPattern] === name[at]) {
      at += 1;
      inPattern += 1;
    } else if (star >= 0) {
      // The last star takes one letter more, and the rest is tried again.
      inPattern = star + 1;
      starAt += 1;
      at = starAt;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern += 1;
  return inPattern === pattern.length;
}
