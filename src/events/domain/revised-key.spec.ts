import fc from 'fast-check';
import { eventKey, eventKeyToUuid } from './identity';
import { revisedEventKey } from './revised-key';

const ORGANISATION = '01930000-0000-7000-8000-000000000001';

it('is that of the identity for what was sent first, so that a repeat finds it', () => {
  expect(revisedEventKey(ORGANISATION, 'api', 'e-1', 0)).toBe(eventKey(ORGANISATION, 'api', 'e-1'));
});

it('is the same in any process and any version, since databases hold it', () => {
  // SHA-256 of the organisation's id and "r1:3:apie-1", its first half.
  expect(eventKeyToUuid(revisedEventKey(ORGANISATION, 'api', 'e-1', 1))).toBe('bca7406c-83b6-f142-bc92-a96a72dc8baf');
});

it('is no other event’s, and no other revision’s', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '1', 'r', ':', '3'), maxLength: 6 });
  const seen = new Map<string, string>();
  fc.assert(
    fc.property(text, text, fc.integer({ min: 0, max: 12 }), (source, id, revision) => {
      const key = revisedEventKey(ORGANISATION, source, id, revision);
      const name = JSON.stringify([source, id, revision]);
      expect(seen.get(key) ?? name).toBe(name);
      seen.set(key, name);
    }),
    { numRuns: 3_000 },
  );
});
