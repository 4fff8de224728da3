import { Decimal, decimalText } from '../../kernel';
import { type Step, STEP_KINDS } from './step';

/** A step as it waits to be counted: a list of JSON, in a fixed order of fields. */
type Packed = readonly [
  at: number,
  cost: string | null,
  kind: number,
  name: string | null,
  ask: string | null,
  /** Null where it is the same as `ask`. */
  call: string | null,
  failure: string | null,
  mark: Step['mark'],
  progress: boolean | null,
  turn: string | null,
  durationMs: number | null,
  depth: number | null,
  taskClass: string | null,
  node: string | null,
  parent: string | null,
];

export function packStep(step: Step): string {
  const packed: Packed = [
    step.at,
    step.cost === null ? null : decimalText(step.cost),
    STEP_KINDS.indexOf(step.kind),
    step.name,
    step.ask,
    step.call === step.ask ? null : step.call,
    step.failure,
    step.mark,
    step.progress,
    step.turn,
    step.durationMs,
    step.depth,
    step.taskClass,
    step.node,
    step.parent,
  ];
  return JSON.stringify(packed);
}

/** The step that `packStep` wrote. */
export function unpackStep(text: string): Step {
  const [at, cost, kind, name, ask, call, failure, mark, progress, turn, durationMs, depth, taskClass, node, parent] =
    JSON.parse(text) as Packed;
  return {
    at,
    cost: cost === null ? null : new Decimal(cost),
    kind: STEP_KINDS[kind]!,
    name,
    ask,
    call: call ?? ask,
    failure,
    mark,
    progress,
    turn,
    durationMs,
    depth,
    taskClass,
    node,
    parent,
  };
}
