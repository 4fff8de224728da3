import fc from 'fast-check';
import { fromPublicId, ID_PREFIXES, newUuid, toPublicId, type IdNoun } from './ids';

const nouns = Object.keys(ID_PREFIXES) as IdNoun[];

describe('uuids', () => {
  it('are version 7 of RFC 9562, with the time in front', () => {
    const uuid = newUuid(Date.parse('2022-02-22T19:22:22.000Z'));
    // The time of RFC 9562's own example (appendix A.6), whose first 48 bits are 017F22E2-79B0.
    expect(uuid).toMatch(/^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('sort by the millisecond they were made in', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 47 }), fc.integer({ min: 1, max: 1e12 }), (first, later) => {
        expect(newUuid(first) < newUuid(first + later)).toBe(true);
      }),
    );
  });

  it('are all different within one millisecond', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => newUuid(1_700_000_000_000))).size).toBe(10_000);
  });
});

describe('ids of the API', () => {
  it.each`
    noun          | uuid                                      | id                                  | because
    ${'customer'} | ${'00000000-0000-0000-0000-000000000000'} | ${'cus_00000000000000000000000000'} | ${'leading zeros stay'}
    ${'invoice'}  | ${'ffffffff-ffff-ffff-ffff-ffffffffffff'} | ${'inv_7zzzzzzzzzzzzzzzzzzzzzzzzz'} | ${'128 bits leave the first letter at 7'}
    ${'plan'}     | ${'00000000-0000-0000-0000-000000000020'} | ${'pln_00000000000000000000000010'} | ${'32 is one zero in base 32'}
  `('$uuid is $id: $because', ({ noun, uuid, id }) => {
    expect(toPublicId(noun, uuid)).toBe(id);
    expect(fromPublicId(noun, id)).toBe(uuid);
  });

  it('lead back to their uuid', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.constantFrom(...nouns), (uuid, noun) => {
        const id = toPublicId(noun, uuid);
        expect(id).toMatch(new RegExp(`^${ID_PREFIXES[noun]}_[0-9a-z]{26}$`));
        expect(fromPublicId(noun, id)).toBe(uuid);
      }),
    );
  });

  it('sort as their uuids do', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (one, other) => {
        expect(toPublicId('invoice', one) < toPublicId('invoice', other)).toBe(one < other);
      }),
    );
  });

  it('have a prefix of their own for each noun', () => {
    expect(new Set(Object.values(ID_PREFIXES)).size).toBe(nouns.length);
  });

  it.each`
    text                                  | because
    ${''}                                 | ${'empty'}
    ${'cus_'}                             | ${'a prefix alone'}
    ${'inv_00000000000000000000000000'}   | ${'an invoice is no customer'}
    ${'cus_0000000000000000000000000'}    | ${'a letter short'}
    ${'cus_000000000000000000000000000'}  | ${'a letter long'}
    ${'cus_80000000000000000000000000'}   | ${'beyond 128 bits'}
    ${'cus_0000000000000000000000000u'}   | ${'u is not in the alphabet'}
    ${'cus_0000000000000000000000000A'}   | ${'capitals would give one thing two ids'}
    ${'cus_00000000000000000000000000\n'} | ${'a line break behind it'}
    ${'acme'}                             | ${'a key the caller chose'}
    ${'__proto__'}                        | ${'nor anything else'}
  `('$text is no id of a customer: $because', ({ text }) => {
    expect(fromPublicId('customer', text)).toBeNull();
  });
});
