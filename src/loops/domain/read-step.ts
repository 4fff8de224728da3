import type { Decimal, Micros } from '../../kernel';
import { canonicalJson, hashParts, LONGEST_STATED_HASH } from './call-hash';
import type { Step, StepKind } from './step';

/** What is read of an event. */
export interface StepSource {
  readonly at: Micros;
  readonly cost: Decimal | null;
  readonly type: string;
  readonly step: 'retry' | 'self_correction' | null;
  readonly session: string;
  readonly task: string | null;
  readonly parent: string | null;
  readonly data: Readonly<Record<string, unknown>> | null;
}

/** Depths beyond this say nothing more: no rule may allow as many. */
const DEEPEST = 1_000;
const LONGEST_DURATION_MS = 86_400_000;
const TOOL_EVENT = /(?:^|\.)(?:execute_tool|tool[._]call)$/;
const NODE = /^(task|session):(.+)$/s;

/**
 * Reads from an event what an agent did. Fields of `data` that say it:
 * `tool`; `arguments` or `arguments_hash`; `result` or `result_hash`; `error`, `error_type`; `progress`, `outcome`;
 * `turn`; `duration_ms`; `depth`; `task_class`, for which the event's `task` stands in. A field of another kind than expected says nothing: it may be the sender's own.
 */
export function readStep(source: StepSource): Step {
  const data = source.data ?? {};
  const kind = kindOf(source.type, data);
  const name = textOf(kind === 'model' ? (data['tool'] ?? data['model']) : data['tool']);
  const asked = stated(data, 'arguments');
  const answered = stated(data, 'result');
  const owner = name ?? source.type;
  const ask = asked === null ? null : hashParts(kind, owner, asked);
  return {
    at: source.at,
    cost: source.cost,
    kind,
    name,
    ask,
    call: asked === null ? null : answered === null ? ask : hashParts(kind, owner, asked, answered),
    failure: failureOf(data, owner, answered),
    mark: source.step,
    progress: progressOf(data),
    turn: turnOf(data),
    durationMs: wholeOf(data['duration_ms'], LONGEST_DURATION_MS),
    depth: depthOf(data),
    taskClass: textOf(data['task_class']) ?? source.task,
    ...placeOf(source),
  };
}

function kindOf(type: string, data: Readonly<Record<string, unknown>>): StepKind {
  if (TOOL_EVENT.test(type)) return 'tool';
  if (textOf(data['model']) !== null || textOf(data['provider']) !== null) return 'model';
  return textOf(data['tool']) === null ? 'other' : 'tool';
}

/** What a field, or the hash of it that the sender made, says. The hash counts where both are there. */
function stated(data: Readonly<Record<string, unknown>>, field: 'arguments' | 'result'): string | null {
  const hash = data[`${field}_hash`];
  if (typeof hash === 'string' && hash !== '' && hash.length <= LONGEST_STATED_HASH) return `hash ${hash}`;
  const value = data[field];
  return value === undefined ? null : `json ${canonicalJson(value)}`;
}

/** A failure without a result or a type is one failure: the tool's. */
function failureOf(data: Readonly<Record<string, unknown>>, owner: string, answered: string | null): string | null {
  const type = textOf(data['error_type']);
  const error = data['error'];
  const failed = type !== null || (error !== undefined && error !== null && error !== false && error !== '');
  if (!failed) return null;
  return hashParts('failed', owner, answered ?? type ?? (error === true ? '' : canonicalJson(error)));
}

/** An outcome is always news; otherwise what `progress` says. */
function progressOf(data: Readonly<Record<string, unknown>>): boolean | null {
  if (data['outcome'] !== undefined && data['outcome'] !== null && data['outcome'] !== false) return true;
  return typeof data['progress'] === 'boolean' ? data['progress'] : null;
}

function turnOf(data: Readonly<Record<string, unknown>>): string | null {
  const turn = data['turn'];
  if (typeof turn === 'number') return hashParts(String(turn)).slice(0, 8);
  const text = textOf(turn);
  return text === null ? null : hashParts(text).slice(0, 8);
}

function depthOf(data: Readonly<Record<string, unknown>>): number | null {
  return Number.isInteger(data['depth']) ? wholeOf(data['depth'], DEEPEST) : null;
}

function wholeOf(value: unknown, most: number): number | null {
  // Without the sign of -0, which JSON doesn't keep.
  return typeof value === 'number' && value >= 0 ? Math.abs(Math.min(Math.round(value), most)) : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/**
 * The event's own node and the one above, as in the tree of a session's costs (docs/attribution.md): a task hangs under
 * its session or under the task or session that `parent` names.
 */
function placeOf({ session, task, parent }: StepSource): { node: string; parent: string | null } {
  const own = nodeHash(task === null ? 'session' : 'task', task ?? session);
  if (parent === null) return { node: own, parent: task === null ? null : nodeHash('session', session) };
  const named = NODE.exec(parent);
  const above = named === null ? nodeHash(task === null ? 'session' : 'task', parent) : nodeHash(named[1]!, named[2]!);
  return { node: own, parent: above };
}

function nodeHash(kind: string, name: string): string {
  return hashParts(kind, name).slice(0, 8);
}
