export const SESSION_STATES = ['running', 'throttled', 'paused', 'stopped'] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** Whether an agent's session may go on. One without a row runs. */
export interface SessionControl {
  readonly customerId: string;
  readonly session: string;
  state: SessionState;
  reason: string | null;
  /** The cap that paused it, whose raise lets it run again; else null. */
  capId: string | null;
  /** The finding that did; else null. */
  findingId: string | null;
  /** No hold is allowed before, in milliseconds; for sessions that are throttled. */
  nextAt: number | null;
  changedBy: string;
  changed: boolean;
}

/** The key of a session in maps of a decision. */
export function sessionKey(customerId: string, session: string): string {
  return `${customerId} ${session}`;
}
