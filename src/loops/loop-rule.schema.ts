import { z } from 'zod';
import { decimalText } from '../kernel';
import { decimalString, text } from '../platform/http';
import { DEFAULT_LOOP_RULES, LARGEST_RULE, LOOP_ACTIONS, type LoopRules, type SaidRules } from './domain';

const { repeat, pingPong, noProgress, rate, depth } = DEFAULT_LOOP_RULES;

const action = (usual: (typeof LOOP_ACTIONS)[number]) =>
  z
    .enum(LOOP_ACTIONS)
    .default(usual)
    .describe('`tell` only; `throttle`: no hold for a minute; `pause`: until somebody resumes the session; `stop`.');
const count = (least: number, most: number, usual: number) => z.int().min(least).max(most).default(usual);
const seconds = (usual: number) => count(1, LARGEST_RULE.withinSeconds, usual);

const RepeatRule = z.strictObject({
  inARow: count(2, LARGEST_RULE.calls, repeat!.inARow).describe(
    'Identical calls with nothing new in between: the same tool, arguments and, where it is given, result.',
  ),
  failedInARow: count(2, LARGEST_RULE.calls, repeat!.failedInARow).describe('The same for a call that fails.'),
  inAll: count(2, LARGEST_RULE.calls, repeat!.inAll).describe('Identical calls whatever else happened in between.'),
  withinSeconds: seconds(repeat!.withinSeconds),
  action: action(repeat!.action),
});
const PingPongRule = z.strictObject({
  rounds: count(2, LARGEST_RULE.rounds, pingPong!.rounds).describe('Pairs of the same two calls, A B A B …'),
  withinSeconds: seconds(pingPong!.withinSeconds),
  action: action(pingPong!.action),
});
const NoProgressRule = z.strictObject({
  calls: count(1, LARGEST_RULE.noProgressCalls, noProgress!.calls).describe(
    'Calls that brought nothing new, since the last that did.',
  ),
  cost: decimalString({ min: '0' })
    .prefault(decimalText(noProgress!.cost))
    .describe('And what was spent since, in the organisation’s currency. Both have to be reached.'),
  countUnknown: z
    .boolean()
    .default(noProgress!.countUnknown)
    .describe(
      'Whether calls that say nothing of themselves count as nothing new; for senders of `data.progress` or `data.outcome`.',
    ),
  action: action(noProgress!.action),
});
const RateRule = z.strictObject({
  times: decimalString({ min: '1', max: '1000000' })
    .prefault(decimalText(rate!.times))
    .describe('How many times what a busy minute of the class costs.'),
  minutes: count(1, LARGEST_RULE.minutes, rate!.minutes).describe('Over how many minutes, the running one included.'),
  cost: decimalString({ min: '0' })
    .prefault(decimalText(rate!.cost))
    .describe('Least that must have been spent in them.'),
  leastSessions: count(1, 200, rate!.leastSessions).describe('Sessions of the class that must be known.'),
  action: action(rate!.action),
});
const DepthRule = z.strictObject({
  deepest: count(1, LARGEST_RULE.deepest, depth!.deepest).describe('Levels of work below the session that are fine.'),
  action: action(depth!.action),
});
const Allowance = z.strictObject({
  tool: text(LARGEST_RULE.toolLength).describe('Name of a tool that may repeat itself; `*` stands for any letters.'),
  perMinute: z
    .int()
    .min(1)
    .max(LARGEST_RULE.perMinute)
    .nullable()
    .default(null)
    .describe('How many identical calls a minute; null for any number.'),
});

const OFF = 'Null switches it off.';

/** Rules as they are asked for and stored. */
export const LoopRuleRequest = z.strictObject({
  repeat: RepeatRule.nullable().optional().describe(`The same call again and again. ${OFF}`),
  pingPong: PingPongRule.nullable().optional().describe(`Two calls in turn, and nothing else. ${OFF}`),
  noProgress: NoProgressRule.nullable().optional().describe(`Spending while nothing new appears. ${OFF}`),
  rate: RateRule.nullable().optional().describe(`Spending far faster than the task class does. ${OFF}`),
  depth: DepthRule.nullable().optional().describe(`Sub-agents of sub-agents. ${OFF}`),
  polling: z
    .array(Allowance)
    .max(LARGEST_RULE.polling)
    .optional()
    .describe('Tools that may be asked the same again and again. The first that names a tool counts.'),
});

/** The part of a request that was said; a rule that wasn't named stays unnamed. */
export function toSaidRules(request: z.output<typeof LoopRuleRequest>): SaidRules {
  return Object.fromEntries(Object.entries(request).filter(([, rule]) => rule !== undefined));
}

/** Rules as text that `LoopRuleRequest` reads back. */
export function shownRules(rules: SaidRules): Record<string, unknown> {
  return JSON.parse(JSON.stringify({ ...rules, ...shownAmounts(rules) })) as Record<string, unknown>;
}

function shownAmounts({ noProgress, rate }: SaidRules): Record<string, unknown> {
  return {
    ...(!noProgress ? {} : { noProgress: { ...noProgress, cost: decimalText(noProgress.cost) } }),
    ...(!rate ? {} : { rate: { ...rate, times: decimalText(rate.times), cost: decimalText(rate.cost) } }),
  };
}

/** Answer: what holds for the class, and which of it is its own word. */
export const LoopRuleResponse = z.object({
  taskClass: z.string().describe('`default` for all that have none of their own.'),
  rules: z.record(z.string(), z.unknown()).describe('What holds: own words, those for all, our defaults.'),
  own: z.array(z.string()).describe('The rules that were named for this class.'),
  changedAt: z.string(),
});

export function toLoopRuleResponse(
  taskClass: string,
  rules: LoopRules,
  said: SaidRules,
  changedAt: Date,
): z.infer<typeof LoopRuleResponse> {
  return {
    taskClass,
    rules: shownRules(rules),
    own: Object.keys(said).sort(),
    changedAt: changedAt.toISOString(),
  };
}
