import { hash } from 'node:crypto';
import { type EventKey, eventKey } from './identity';

/**
 * The key of a revision of an event. Revision 0, the event as it was sent, has the key of its identity, so that a repeat
 * finds it. In what is hashed for a later one an 'r' stands where the identity has a digit: no revision has the key of
 * another event.
 *
 * @param revision 0 for the event as it was sent, then one for each amendment
 */
export function revisedEventKey(organisationId: string, source: string, id: string, revision: number): EventKey {
  if (revision === 0) return eventKey(organisationId, source, id);
  return hash('sha256', `${organisationId}r${revision}:${source.length}:${source}${id}`, 'binary').slice(0, 16);
}
