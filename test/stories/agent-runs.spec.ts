import { Decimal, decimalText, sum, ZERO } from '../../src/kernel';
import {
  DEFAULT_LOOP_RULES,
  type Finding,
  type LoopRules,
  type LoopState,
  NO_LOOP_RULES,
  NO_STATE,
  observe,
} from '../../src/loops/domain';
import { type AgentRun, agentRuns, HAS_AGENT_RUNS, type RunStep } from './agent-runs';

/**
 * What the rules say of 100 real runs, against which of them failed. Nothing is asserted of how well that goes: it is
 * printed, and docs/runaway-agents.md says what it means. What has to hold whatever the data is asserted.
 */
const describeWithData = HAS_AGENT_RUNS ? describe : describe.skip;

const { repeat, noProgress } = DEFAULT_LOOP_RULES;
const RULES: Readonly<Record<string, LoopRules>> = {
  'our defaults': DEFAULT_LOOP_RULES,
  'the second identical call': { ...NO_LOOP_RULES, repeat: { ...repeat!, inARow: 2, failedInARow: 2, inAll: 2 } },
  'one call without news': { ...NO_LOOP_RULES, noProgress: { ...noProgress!, calls: 1, cost: ZERO } },
  'two calls without news': { ...NO_LOOP_RULES, noProgress: { ...noProgress!, calls: 2, cost: ZERO } },
  'three calls without news': { ...NO_LOOP_RULES, noProgress: { ...noProgress!, calls: 3, cost: ZERO } },
};

interface Watched {
  readonly run: AgentRun;
  readonly findings: readonly Finding[];
  /** The first step after the one that was told; null where nothing was. */
  readonly toldAt: number | null;
  readonly state: LoopState;
}

function watch(run: AgentRun, rules: LoopRules, steps: readonly RunStep[] = run.steps): Watched {
  let state = NO_STATE;
  let toldAt: number | null = null;
  const findings: Finding[] = [];
  for (const [index, { step }] of steps.entries()) {
    const seen = observe(state, step, rules);
    state = seen.state;
    findings.push(...seen.findings);
    if (seen.findings.length > 0) toldAt ??= index + 1;
  }
  return { run, findings, toldAt, state };
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`;
}

const costOf = (steps: readonly RunStep[]): Decimal => sum(steps.map(({ step }) => step.cost ?? ZERO));
const tokensOf = (steps: readonly RunStep[]): number => steps.reduce((tokens, step) => tokens + step.tokens, 0);

/** A line of the table, as it is printed. */
function line(name: string, runs: readonly AgentRun[], rules: LoopRules): string[] {
  const told = runs.map((run) => watch(run, rules)).filter(({ toldAt }) => toldAt !== null);
  const failed = told.filter(({ run }) => !run.solved).length;
  const allFailed = runs.filter(({ solved }) => !solved).length;
  const after = told.map(({ run, toldAt }) => run.steps.slice(toldAt!));
  const whole = told.map(({ run }) => run.steps);
  return [
    name,
    `${told.length}`,
    `${failed}`,
    percent(failed, told.length),
    percent(failed, allFailed),
    percent(after.reduce((sum, steps) => sum + tokensOf(steps), 0), whole.reduce((sum, steps) => sum + tokensOf(steps), 0)), // prettier-ignore
    decimalText(sum(after.map(costOf)).toDecimalPlaces(2)),
  ];
}

describeWithData('100 real agent runs (skipped without ../shared/data/tau_airline_runs_dev.jsonl.gz)', () => {
  const runs = HAS_AGENT_RUNS ? agentRuns() : [];
  const untold = HAS_AGENT_RUNS ? agentRuns('untold') : [];

  it('are reported: what was told of them, and which failed', () => {
    const failed = runs.filter(({ solved }) => !solved).length;
    const head = ['told by', 'runs told', 'of them failed', 'precision', 'recall', 'tokens after', 'USD after'];
    const lines = [
      ...Object.entries(RULES).map(([name, rules]) => line(name, runs, rules)),
      line('our defaults, without results', untold, DEFAULT_LOOP_RULES),
      line('the second, without results', untold, RULES['the second identical call']!),
    ];
    const table = [head, ...lines].map((cells) => cells.map((cell, column) => cell.padEnd(column === 0 ? 31 : 15)).join('')); // prettier-ignore
    const cost = decimalText(sum(runs.map(({ steps }) => costOf(steps))).toDecimalPlaces(2));
    process.stdout.write(
      `\n${runs.length} runs, ${failed} failed (base rate ${percent(failed, runs.length)}), about ${cost} USD\n${table.join('\n')}\n\n`,
    );
    expect(runs).toHaveLength(100);
  });

  it.each(Object.keys(RULES))('say the same however their steps are cut and stored: %s', (name) => {
    for (const run of runs) {
      const whole = watch(run, RULES[name]!);
      let state = NO_STATE;
      const findings: Finding[] = [];
      for (const { step } of run.steps) {
        const seen = observe(JSON.parse(JSON.stringify(state)) as LoopState, step, RULES[name]!);
        state = seen.state;
        findings.push(...seen.findings);
      }
      expect([findings, state]).toEqual([whole.findings, whole.state]);
    }
  });

  it('are told nothing else of when each call has a twin', () => {
    const repeats: LoopRules = { ...NO_LOOP_RULES, repeat: { ...repeat!, inARow: 2, failedInARow: 2, inAll: 2 } };
    for (const run of runs) {
      const twice = run.steps.flatMap((each) => (each.step.kind === 'tool' ? [each, each] : [each]));
      const one = watch(run, repeats);
      const two = watch(run, repeats, twice);
      expect(two.findings.map(({ kind, at, measured }) => [kind, at, measured])).toEqual(
        one.findings.map(({ kind, at, measured }) => [kind, at, measured]),
      );
    }
  });

  it('hold a repeat of identical calls wherever one is told, and nowhere else', () => {
    const repeats = RULES['the second identical call']!;
    for (const run of runs) {
      const seen = new Set<string>();
      const isRepeated = run.steps.some(({ step }) => {
        if (step.call === null) return false;
        const before = seen.has(step.call);
        seen.add(step.call);
        return before;
      });
      expect(watch(run, repeats).toldAt !== null).toBe(isRepeated);
    }
  });
});
