import type { Client } from '../../client';
import { AGENT, CUSTOMER, MAX_TOKENS, MODEL, PROVIDER, TASK_CLASS, type WorkStep } from './work';

/** What Weir says before a step. Amounts are decimal text. */
export interface HoldAnswer {
  readonly decision: 'allow' | 'deny' | 'downgrade' | 'pause';
  readonly hold: string | null;
  readonly held: { readonly cost?: string };
  readonly caps: readonly CapLeft[];
  readonly reason: string | null;
  readonly detail: string | null;
}

export interface CapLeft {
  readonly key: string;
  readonly limit: string;
  readonly settled: string;
  readonly held: string;
  readonly available: string;
}

/** The agent's side: these few lines are all that stands between it and the model. */
export class Steps {
  private number = 0;

  constructor(
    private readonly client: Client,
    private readonly session: string,
  ) {}

  /** Before: holds what the step may cost at most. */
  ask(step: WorkStep): Promise<HoldAnswer> {
    this.number += 1;
    return this.client.post<HoldAnswer>('/v1/holds', {
      key: `${this.session}-${this.number}`,
      customer: CUSTOMER,
      session: this.session,
      agent: AGENT,
      taskClass: TASK_CLASS,
      model: MODEL,
      ttl: '2m',
      estimate: { provider: PROVIDER, model: MODEL, inputTokens: step.inputTokens, maxTokens: MAX_TOKENS },
    });
  }

  /** After: what was really used. The events name the hold, which settles it. @returns the events' ids */
  async tell(step: WorkStep, hold: string): Promise<readonly string[]> {
    const { session, number } = this;
    const ids = [`${session}-${number}-model`, `${session}-${number}-tool`];
    const common = { customer: CUSTOMER, session, agent: AGENT, hold };
    const { name: tool, arguments: callArguments, result } = step.tool;
    await this.client.post('/v1/events', [
      {
        ...common,
        id: ids[0],
        type: 'llm.request',
        data: {
          provider: PROVIDER,
          model: MODEL,
          input_tokens: step.inputTokens,
          output_tokens: step.outputTokens,
        },
      },
      { ...common, id: ids[1], type: 'tool.call', data: { tool, arguments: callArguments, result, turn: number } },
    ]);
    return ids;
  }
}
