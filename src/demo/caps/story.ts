import { Client, ProgramError } from '../../client';
import { Decimal, decimalText, sum, ZERO } from '../../kernel';
import { type CapLeft, type HoldAnswer, Steps } from './weir';
import {
  AGENT,
  BETTER_STEPS,
  CUSTOMER,
  GOOD_STEPS,
  MONTH_LIMIT,
  RAISED_LIMIT,
  SESSION_LIMIT,
  STUCK_STEP,
  type WorkStep,
} from './work';

const SESSION_CAP = 'acme-session';
const MONTH_CAP = 'acme-month';
/** A loop that Weir doesn't stop would go on for ever; the demo says so instead. */
const MOST_STUCK = 20;
const HOUR_MS = 3_600_000;

/** Tells what happens while it happens: who does it, and what. */
export type Tell = (who: string, what: string) => void;

/** What the run came to, from Weir's own answers. Amounts are decimal text in the currency of costs. */
export interface CapsResult {
  readonly steps: number;
  /** Steps of the loop that were paid before it was caught. */
  readonly stuckSteps: number;
  /** Sum of the costs of all events. */
  readonly events: string;
  /** Sum of what the holds were booked with. */
  readonly holds: string;
  /** What the session's and the customer's caps have counted, and what is still held in them. */
  readonly caps: readonly { readonly key: string; readonly settled: string; readonly held: string }[];
}

interface Finding {
  readonly id: string;
  readonly kind: string;
  readonly detail: string;
  readonly wasted: string;
  readonly severity: { readonly amount: string | null; readonly perMinute: string };
}

interface StoredEvent {
  readonly cost: { readonly status: 'priced' | 'reported' | 'pending' | 'none'; readonly amount: string | null };
}

interface StoredHold {
  readonly status: string;
  readonly booked: { readonly cost?: string };
}

interface StoredCap {
  readonly key: string;
  readonly counters: readonly {
    readonly values: { readonly session?: string };
    readonly settled: string;
    readonly held: string;
  }[];
}

/** An agent at work under two caps and the rules for loops, from its first step to what is booked in the end. */
export class CapsStory {
  private readonly steps: Steps;
  private readonly holds: string[] = [];
  private readonly events: string[] = [];

  constructor(
    private readonly client: Client,
    private readonly session: string,
    private readonly tell: Tell,
  ) {
    this.steps = new Steps(client, session);
  }

  async play(): Promise<CapsResult> {
    await this.openBooks();
    for (const step of GOOD_STEPS) await this.mustRun(step);
    const stuckSteps = await this.runUntilCaught();
    await this.letGoOn();
    await this.runUnderCap();
    return this.result(stuckSteps);
  }

  /** The customer, "never more than $100", what one session may spend before somebody looks, and the rules for loops. */
  private async openBooks(): Promise<void> {
    const { client, tell } = this;
    await client.post('/v1/customers', { key: CUSTOMER, name: 'Acme' });
    const scope = { customer: CUSTOMER };
    await client.post('/v1/caps', {
      key: MONTH_CAP,
      scope,
      measure: 'cost',
      period: 'month',
      kind: 'hard',
      limit: MONTH_LIMIT,
    });
    await client.post('/v1/caps', {
      key: SESSION_CAP,
      scope,
      each: ['session'],
      measure: 'cost',
      period: 'session',
      kind: 'pause',
      limit: SESSION_LIMIT,
    });
    await client.put('/v1/loop-rules/default', {});
    tell('caps', `${CUSTOMER}: at most ${MONTH_LIMIT} USD a month; a session pauses at ${SESSION_LIMIT} USD`);
  }

  private async mustRun(step: WorkStep): Promise<void> {
    const answer = await this.run(step);
    if (answer.decision !== 'allow')
      throw new ProgramError(`"${step.what}" should have been let through: ${answer.detail ?? answer.decision}`);
  }

  /** One step of the agent: hold, work, tell. Nothing is done where Weir doesn't let it. */
  private async run(step: WorkStep): Promise<HoldAnswer> {
    const answer = await this.steps.ask(step);
    if (answer.decision !== 'allow') return answer;
    this.holds.push(answer.hold!);
    this.events.push(...(await this.steps.tell(step, answer.hold!)));
    const cap = capOf(answer, SESSION_CAP);
    const held = answer.held.cost ?? '0';
    this.tell(AGENT, `${step.what.padEnd(26)} held ${held.padEnd(8)} session ${left(cap)}`);
    return answer;
  }

  /** @returns how often the loop went round before Weir stopped it */
  private async runUntilCaught(): Promise<number> {
    for (let rounds = 0; rounds < MOST_STUCK; rounds += 1) {
      const answer = await this.run(STUCK_STEP);
      if (answer.decision === 'allow') continue;
      this.tell('weir', `${answer.decision}: ${answer.detail ?? answer.reason}`);
      return rounds;
    }
    throw new ProgramError(`The agent went round ${MOST_STUCK} times, and nothing stopped it.`);
  }

  /** Somebody looks at the finding, puts right what was wrong, and lets the session go on. */
  private async letGoOn(): Promise<void> {
    const { client, session, tell } = this;
    const path = `/v1/loop-findings?customer=${CUSTOMER}&session=${session}`;
    const { items } = await client.get<{ items: readonly Finding[] }>(path);
    const [finding] = items;
    if (finding === undefined) throw new ProgramError('The session was stopped, and no finding says why.');
    tell('finding', finding.detail);
    const { amount } = finding.severity;
    const atStake = amount === null ? '' : `; up to the cap it would have been ${amount} USD`;
    tell('finding', `spent in vain so far: ${finding.wasted} USD${atStake}`);
    const reason = 'The date was wrong; put right.';
    await client.post(`/v1/loop-findings/${finding.id}/resolve`, { reason });
    await client.post(`/v1/customers/${CUSTOMER}/sessions/${session}/resume`, { reason });
    tell('operator', 'puts the date right and resumes the session');
  }

  /** The rest of the work, with the cap raised once by whoever may. */
  private async runUnderCap(): Promise<void> {
    let raised = false;
    for (const step of BETTER_STEPS) {
      const answer = await this.run(step);
      if (answer.decision === 'allow') continue;
      this.tell('weir', `${answer.decision}: ${answer.detail ?? answer.reason}`);
      if (raised) throw new ProgramError('The session was stopped again after its cap was raised.');
      raised = true;
      await this.raise();
      await this.mustRun(step);
    }
    if (!raised) throw new ProgramError(`The session never came to its cap of ${SESSION_LIMIT} USD.`);
  }

  private async raise(): Promise<void> {
    const until = new Date(Date.now() + HOUR_MS).toISOString();
    const raise = { limit: RAISED_LIMIT, until, approvedBy: 'kim@example.com', reason: 'worth it' };
    await this.client.post(`/v1/caps/${SESSION_CAP}/raise`, raise);
    this.tell('operator', `raises the session's cap to ${RAISED_LIMIT} USD for an hour; the session goes on by itself`);
  }

  private async result(stuckSteps: number): Promise<CapsResult> {
    const { client } = this;
    const events = await Promise.all(this.events.map((id) => client.get<StoredEvent>(`/v1/events/${id}`)));
    const holds = await Promise.all(this.holds.map((id) => client.get<StoredHold>(`/v1/holds/${id}`)));
    const open = holds.filter(({ status }) => status !== 'settled').length;
    if (open > 0) throw new ProgramError(`${open} holds are not settled.`);
    const caps = await Promise.all(
      [SESSION_CAP, MONTH_CAP].map(async (key) => {
        const { counters } = await client.get<StoredCap>(`/v1/caps/${key}`);
        const own = counters.filter(({ values }) => values.session === undefined || values.session === this.session);
        return { key, settled: total(own.map(({ settled }) => settled)), held: total(own.map(({ held }) => held)) };
      }),
    );
    return {
      steps: this.holds.length,
      stuckSteps,
      events: total(events.map(costOf)),
      holds: total(holds.map(({ booked }) => booked.cost ?? '0')),
      caps,
    };
  }
}

/** @throws ProgramError where what was booked differs from what the events cost, or anything is still held */
export function refuseDifference({ events, holds, caps }: CapsResult): void {
  if (holds !== events) throw new ProgramError(`The holds were booked with ${holds}, the events cost ${events}.`);
  for (const { key, settled, held } of caps) {
    if (settled !== events || held !== '0')
      throw new ProgramError(`${key} has counted ${settled} and holds ${held}; the events cost ${events}.`);
  }
}

/** @throws ProgramError for a cost that isn't known: it is never taken for zero */
function costOf({ cost }: StoredEvent): string {
  if (cost.status === 'pending') throw new ProgramError('An event has no known cost.');
  return cost.amount ?? '0';
}

function capOf({ caps }: HoldAnswer, key: string): CapLeft | undefined {
  return caps.find((cap) => cap.key === key);
}

function left(cap: CapLeft | undefined): string {
  return cap === undefined ? '' : `${cap.settled} + ${cap.held} of ${cap.limit}`;
}

function total(amounts: readonly string[]): string {
  return decimalText(amounts.length === 0 ? ZERO : sum(amounts.map((amount) => new Decimal(amount))));
}
