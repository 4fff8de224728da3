import fc from 'fast-check';
import type { MeterDefinition } from './meter';
import {
  compareFillPositions,
  type FillPosition,
  type FillState,
  hasCounted,
  sameDefinition,
} from './meter-definition';

const CALLS: MeterDefinition = {
  eventType: 'call',
  aggregation: 'count',
  valueField: null,
  timeUnit: null,
  filters: [{ field: 'agent', operator: 'exists' }],
  groupBy: ['feature', 'user'],
};

it.each`
  changes                                                                    | same     | because
  ${{}}                                                                      | ${true}  | ${'nothing is different'}
  ${{ name: 'Calls' }}                                                       | ${true}  | ${'the name is the meter’s, not the definition’s'}
  ${{ filters: [{ field: 'agent', operator: 'exists', value: undefined }] }} | ${true}  | ${'no value is no value'}
  ${{ filters: [{ operator: 'exists', field: 'agent' }] }}                   | ${true}  | ${'the order of properties means nothing'}
  ${{ filters: [] }}                                                         | ${false} | ${'more events count'}
  ${{ groupBy: ['user', 'feature'] }}                                        | ${false} | ${'groups are kept in this order'}
  ${{ eventType: 'other' }}                                                  | ${false} | ${'other events count'}
  ${{ aggregation: 'time_weighted', timeUnit: 'hour' }}                      | ${false} | ${'they are folded otherwise'}
`('$changes: $because', ({ changes, same }: { changes: object; same: boolean }) => {
  expect(sameDefinition(CALLS, { ...CALLS, ...changes })).toBe(same);
});

const [ADA, BEN] = ['0192aaaa-0000-7000-8000-000000000000', '0192bbbb-0000-7000-8000-000000000000'];
const [LOW, HIGH] = ['00000000-0000-0000-0000-000000000001', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

/** Made at batch 100; its fill has come to Ada's event of time 50. */
const HALFWAY: FillState = {
  countsFromBatch: 100,
  filledTo: { customerId: ADA, time: 50, key: LOW },
  filled: false,
};

it.each`
  state                             | customerId | time  | key     | batch  | counted  | because
  ${HALFWAY}                        | ${BEN}     | ${99} | ${HIGH} | ${100} | ${true}  | ${'it came after the revision was made'}
  ${HALFWAY}                        | ${BEN}     | ${1}  | ${LOW}  | ${99}  | ${false} | ${'the fill has not come to that customer'}
  ${HALFWAY}                        | ${ADA}     | ${49} | ${HIGH} | ${99}  | ${true}  | ${'the fill has passed it'}
  ${HALFWAY}                        | ${ADA}     | ${50} | ${LOW}  | ${99}  | ${true}  | ${'it is the last one the fill has looked at'}
  ${HALFWAY}                        | ${ADA}     | ${50} | ${HIGH} | ${99}  | ${false} | ${'of the same instant, but behind it'}
  ${{ ...HALFWAY, filledTo: null }} | ${ADA}     | ${1}  | ${LOW}  | ${99}  | ${false} | ${'the fill has not begun'}
  ${{ ...HALFWAY, filled: true }}   | ${BEN}     | ${99} | ${HIGH} | ${1}   | ${true}  | ${'all are counted'}
`('$customerId at $time of batch $batch: $because', ({ state, counted, ...event }) => {
  expect(hasCounted(state, event)).toBe(counted);
});

it('orders uuids as PostgreSQL does, by their bytes', () => {
  const uuid = fc.uuid();
  const position: fc.Arbitrary<FillPosition> = fc.record({
    customerId: fc.constantFrom(ADA, BEN),
    time: fc.nat(3),
    key: uuid,
  });
  const bytes = ({ customerId, time, key }: FillPosition): Buffer =>
    Buffer.from(`${customerId.replaceAll('-', '')}${String(time).padStart(2, '0')}${key.replaceAll('-', '')}`, 'hex');
  fc.assert(
    fc.property(position, position, (one, other) => {
      expect(Math.sign(compareFillPositions(one, other))).toBe(Buffer.compare(bytes(one), bytes(other)));
    }),
  );
});
