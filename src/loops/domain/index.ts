export { type CallEvidence, type Finding } from './finding';
export { acknowledge, type Observation, observe, type Surroundings } from './observe';
export { readStep, type StepSource } from './read-step';
export * from './rules';
export { type CapLeft, type Severity, severityOf } from './severity';
export { spendPerMinute } from './find';
export { LARGEST_STATE, type LoopState, NO_STATE } from './state';
export { type Step, type StepKind } from './step';
