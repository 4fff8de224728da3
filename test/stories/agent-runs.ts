import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Decimal } from '../../src/kernel';
import { readStep, type Step } from '../../src/loops/domain';

/**
 * Real runs of an agent (gpt-4o as an airline's support) by sierra-research/tau-bench, MIT. Each ended with its task solved
 * or not. The data lies beside the project, not in it.
 */
const FILE = join(__dirname, '../../../shared/data/tau_airline_runs_dev.jsonl.gz');
export const HAS_AGENT_RUNS = existsSync(FILE);

/** gpt-4o's prices in USD for a token. */
const INPUT_PRICE = new Decimal('0.0000025');
const OUTPUT_PRICE = new Decimal('0.00001');
/** The data has no token counts; English has about four characters to a token. */
const CHARACTERS_PER_TOKEN = 4;
/** The data has no times either. Nothing that is looked for here depends on them, as long as one step follows another. */
const MICROS_PER_MESSAGE = 5_000_000;

interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string | null;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
}

/** A step with what it cost in tokens. */
export interface RunStep {
  readonly step: Step;
  readonly tokens: number;
}

export interface AgentRun {
  readonly solved: boolean;
  readonly steps: readonly RunStep[];
}

/** @param results whether the calls tell what came back */
export function agentRuns(results: 'told' | 'untold' = 'told'): AgentRun[] {
  const lines = gunzipSync(readFileSync(FILE)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const run = JSON.parse(line) as { reward: number; messages: Message[] };
    return { solved: run.reward === 1, steps: stepsOf(run.messages, results === 'told') };
  });
}

/**
 * What the agent's own instrumentation would have metered: a request to the model for each of its messages, which reads
 * all before it, and a call for each tool that it asked for, with arguments and result.
 */
function stepsOf(messages: readonly Message[], isTold: boolean): RunStep[] {
  const results = new Map(messages.map((message) => [message.tool_call_id, message.content ?? '']));
  const steps: RunStep[] = [];
  let read = 0;
  for (const [index, message] of messages.entries()) {
    const calls = message.tool_calls ?? [];
    const written = tokensOf((message.content ?? '') + calls.map((call) => JSON.stringify(call.function)).join(''));
    if (message.role === 'assistant') {
      const at = index * MICROS_PER_MESSAGE;
      const cost = INPUT_PRICE.times(read).plus(OUTPUT_PRICE.times(written));
      steps.push({ step: stepOf(at, 'llm.request', cost, { model: 'gpt-4o' }), tokens: read + written });
      for (const { id, function: called } of calls) {
        const result = results.get(id) ?? '';
        const answered = isTold ? { result, error: result.startsWith('Error') } : {};
        const data = { tool: called.name, arguments: called.arguments, ...answered };
        steps.push({ step: stepOf(at + 1_000_000, 'tool.call', new Decimal(0), data), tokens: 0 });
      }
    }
    read += written;
  }
  return steps;
}

function stepOf(at: number, type: string, cost: Decimal, data: Record<string, unknown>): Step {
  return readStep({ at, cost, type, step: null, session: 'run', task: null, parent: null, data });
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}
