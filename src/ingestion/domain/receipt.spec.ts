import fc from 'fast-check';
import { countReceipts, type Receipt, receiptsJson } from './receipt';

const text = fc.string({
  unit: fc.oneof(fc.constantFrom('"', '\\', '\n', '\0', '\u2028', '😀', '\ud800'), fc.string()),
});
const receipt: fc.Arbitrary<Receipt> = fc.oneof(
  fc.record({ status: fc.constantFrom('accepted' as const, 'duplicate' as const), id: text }),
  fc.record({
    status: fc.constant('rejected' as const),
    id: fc.option(text),
    problem: fc.record({ code: text, field: text, detail: text }),
  }),
);

it('the answer written by hand is what JSON.stringify would write', () => {
  fc.assert(
    fc.property(fc.array(receipt), (receipts) => {
      const expected = {
        ...countReceipts(receipts),
        results: receipts.map((each, index) => ({
          index,
          id: each.id,
          status: each.status,
          ...(each.status === 'rejected'
            ? {
                code: each.problem.code,
                field: each.problem.field,
                detail: `${each.problem.field}: ${each.problem.detail}`,
              }
            : {}),
        })),
      };
      expect(receiptsJson(receipts)).toBe(JSON.stringify(expected));
    }),
  );
});

it('every receipt is counted once', () => {
  fc.assert(
    fc.property(fc.array(receipt), (receipts) => {
      const { accepted, duplicates, rejected } = countReceipts(receipts);
      expect(accepted + duplicates + rejected).toBe(receipts.length);
      expect(duplicates).toBe(receipts.filter(({ status }) => status === 'duplicate').length);
    }),
  );
});
