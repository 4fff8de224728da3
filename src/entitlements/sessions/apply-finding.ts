import type { FindingKind, LoopAction, LoopRules, StoredFinding } from '../../loops';
import type { SessionControl, SessionState } from '../domain';

/** How long a throttled session waits for its next hold, in milliseconds. */
const THROTTLE_MS = 60_000;
/** Who changed a session that a finding stopped. */
export const LOOPS_ACTOR = 'loops';

const STATE_OF: Readonly<Record<Exclude<LoopAction, 'tell'>, SessionState>> = {
  throttle: 'throttled',
  pause: 'paused',
  stop: 'stopped',
};
const SEVERITY: Readonly<Record<SessionState, number>> = { running: 0, throttled: 1, paused: 2, stopped: 3 };

/** Does with a session what a finding asks for. A session that is held more strictly already stays as it is. */
export function applyFinding(
  control: SessionControl,
  { action, id, sentence }: Pick<StoredFinding, 'action' | 'id' | 'sentence'>,
  now: Date,
): void {
  if (action === 'tell') return;
  const state = STATE_OF[action];
  if (SEVERITY[state] <= SEVERITY[control.state]) return;
  control.state = state;
  control.reason = sentence;
  control.capId = null;
  control.findingId = id;
  control.nextAt = action === 'throttle' ? now.getTime() + THROTTLE_MS : null;
  control.changedBy = LOOPS_ACTOR;
  control.changed = true;
}

/** A throttled session waits on for as long as its steps are beyond a line that throttles. */
export function goOnThrottling(
  control: SessionControl,
  rules: LoopRules,
  standing: readonly FindingKind[],
  now: Date,
): void {
  if (control.state !== 'throttled' || !standing.some((kind) => actionOf(rules, kind) === 'throttle')) return;
  control.nextAt = now.getTime() + THROTTLE_MS;
  control.changed = true;
}

function actionOf(rules: LoopRules, kind: FindingKind): LoopAction | undefined {
  switch (kind) {
    case 'repeat':
      return rules.repeat?.action;
    case 'ping_pong':
      return rules.pingPong?.action;
    case 'no_progress':
      return rules.noProgress?.action;
    case 'rate':
      return rules.rate?.action;
    case 'depth':
      return rules.depth?.action;
  }
}
