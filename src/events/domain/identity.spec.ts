import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { newUuid } from '../../kernel';
import { eventKey, eventKeyFromUuid, eventKeyToUuid, inKeyOrder } from './identity';

const ORGANISATION = '01930000-0000-7000-8000-000000000001';
const OTHER = '01930000-0000-7000-8000-000000000002';

it('is the first half of a SHA-256, so that any process and any version finds the same', () => {
  const digest = createHash('sha256').update(`${ORGANISATION}3:appevent-1`).digest();
  expect(eventKey(ORGANISATION, 'app', 'event-1')).toBe(digest.subarray(0, 16).toString('latin1'));
  // Worked out once, and stored in databases since.
  expect(eventKeyToUuid(eventKey(ORGANISATION, 'api', 'e-1'))).toBe('55176163-9230-3147-0f5f-9bf82e49f7df');
});

it.each`
  one                           | other                             | because
  ${[ORGANISATION, 'a', 'bc']}  | ${[ORGANISATION, 'ab', 'c']}      | ${'the source ends somewhere else'}
  ${[ORGANISATION, 'a-b', 'c']} | ${[ORGANISATION, 'a', 'b-c']}     | ${'a separator may be part of either'}
  ${[ORGANISATION, '1:a', 'b']} | ${[ORGANISATION, '1', ':ab']}     | ${'so may our own'}
  ${[ORGANISATION, 'a', '']}    | ${[ORGANISATION, '', 'a']}        | ${'one may be empty'}
  ${[ORGANISATION, '', '1:ab']} | ${[ORGANISATION, 'a', 'b']}       | ${'an id may look like a length'}
  ${[ORGANISATION, 'a', 'b']}   | ${[OTHER, 'a', 'b']}              | ${'another organisation has the same names'}
  ${[ORGANISATION, 'a', 'e']}   | ${[ORGANISATION, 'a', 'E']}       | ${'case counts'}
  ${[ORGANISATION, 'a', 'é']}   | ${[ORGANISATION, 'a', 'e\u0301']} | ${'so does the way an accent is written'}
  ${[ORGANISATION, 'a', ' e']}  | ${[ORGANISATION, 'a', 'e']}       | ${'and a space'}
`('$one is not $other: $because', ({ one, other }: Record<string, [string, string, string]>) => {
  expect(eventKey(...one!)).not.toBe(eventKey(...other!));
});

const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '2', ':', '-', '', '😀', 'é'), maxLength: 6 });
const uuid = fc.constantFrom(ORGANISATION, OTHER);

it('two identities share a key only when they are the same', () => {
  const seen = new Map<string, string>();
  fc.assert(
    fc.property(uuid, text, text, (organisation, source, id) => {
      const key = eventKey(organisation, source, id);
      const identity = JSON.stringify([organisation, source, id]);
      expect(key).toHaveLength(16);
      expect(seen.get(key) ?? identity).toBe(identity);
      seen.set(key, identity);
    }),
    { numRuns: 5_000 },
  );
});

it('goes to a uuid and back, and sorts as the database sorts uuids', () => {
  const keys = fc.array(fc.tuple(text, text), { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(keys, (identities) => {
      const made = identities.map(([source, id]) => eventKey(ORGANISATION, source, id));
      for (const key of made) expect(eventKeyFromUuid(eventKeyToUuid(key))).toBe(key);
      expect([...made].sort().map(eventKeyToUuid)).toEqual(made.map(eventKeyToUuid).sort());
    }),
  );
  const random = newUuid();
  expect(eventKeyToUuid(eventKeyFromUuid(random))).toBe(random);
});

describe('inKeyOrder', () => {
  it('is the order of the whole keys, also where their beginnings are the same', () => {
    const byte = fc.oneof(fc.constantFrom(0, 1, 255), fc.nat(255));
    const key = fc
      .tuple(fc.array(byte, { minLength: 4, maxLength: 4 }), fc.array(byte, { minLength: 12, maxLength: 12 }))
      .map((parts) => String.fromCharCode(...parts.flat()));
    fc.assert(
      fc.property(fc.array(key), fc.array(fc.tuple(fc.nat(), fc.nat())), (keys, twins) => {
        for (const [like, end] of twins) {
          const beginning = keys[like % Math.max(1, keys.length)]?.slice(0, 15);
          if (beginning !== undefined) keys.push(beginning + String.fromCharCode(end % 256));
        }
        expect(inKeyOrder(keys)).toEqual(keys.toSorted());
      }),
    );
  });
});
