export * from './domain';
export { forgetLoopStatesJob } from './forget-states.job';
export { LoopRuleRequest, LoopRuleResponse, shownRules, toLoopRuleResponse, toSaidRules } from './loop-rule.schema';
export { LoopsModule } from './loops.module';
export {
  findFinding,
  type FindingQuery,
  insertFindings,
  listFindings,
  type StoredFinding,
} from './persistence/finding-store';
export { readRules, removeRules, saveRules, type StoredRules, toRuleSet } from './persistence/rule-store';
export {
  acknowledgeSession,
  lockStates,
  readProfile,
  saveStates,
  type SessionOf,
  type StoredState,
} from './persistence/state-store';
