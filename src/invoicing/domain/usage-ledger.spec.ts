import { Decimal } from '../../kernel';
import { freeByRule, IncludedUnits, placeOfEvent, UsageLedger } from './usage-ledger';

const own = { id: 'own', number: 'INV-000001' };
const later = { id: 'later', number: 'INV-000002' };
const finalized = {
  invoice: own,
  billed: [
    { throughBatch: 10, invoice: own },
    { throughBatch: 20, invoice: later },
  ],
  inReach: true,
};

it.each`
  batch | bills                                                           | waits    | expected          | invoice  | because
  ${10} | ${finalized}                                                    | ${false} | ${'billed'}       | ${own}   | ${'the cut is inclusive'}
  ${10} | ${finalized}                                                    | ${true}  | ${'billed'}       | ${own}   | ${'what is billed waits for nothing'}
  ${11} | ${finalized}                                                    | ${false} | ${'adjusted'}     | ${later} | ${'it came after its own invoice'}
  ${21} | ${finalized}                                                    | ${false} | ${'late'}         | ${null}  | ${'nobody has adjusted it yet'}
  ${21} | ${finalized}                                                    | ${true}  | ${'pending_cost'} | ${null}  | ${'the adjustment waits for the cost'}
  ${21} | ${{ ...finalized, inReach: false }}                             | ${false} | ${'beyond_reach'} | ${null}  | ${'nobody will'}
  ${5}  | ${{ invoice: own, billed: [], inReach: true }}                  | ${false} | ${'draft'}        | ${own}   | ${'the invoice is a draft'}
  ${5}  | ${{ invoice: null, billed: [], inReach: true }}                 | ${false} | ${'open'}         | ${null}  | ${'there is none yet'}
  ${5}  | ${{ invoice: null, billed: [], inReach: true, takenBack: own }} | ${true}  | ${'taken_back'}   | ${own}   | ${'the invoice is void, whatever its cost'}
`('batch $batch is $expected: $because', ({ batch, bills, waits, expected, invoice }) => {
  expect(placeOfEvent(batch, bills, waits)).toEqual({ class: expected, invoice });
});

it('adds events up by class and invoice', () => {
  const ledger = new UsageLedger();
  ledger.add({ class: 'open', invoice: null }, null, true);
  ledger.add({ class: 'billed', invoice: own }, new Decimal('0.1'), false);
  ledger.add({ class: 'billed', invoice: own }, new Decimal('0.2'), false);
  expect(ledger.entries()).toEqual([
    { class: 'billed', invoice: own, line: null, events: 2, cost: new Decimal('0.3'), pendingEvents: 0 },
    { class: 'open', invoice: null, line: null, events: 1, cost: new Decimal(0), pendingEvents: 1 },
  ]);
});

it('free by rule names an invoice only where it stands on one, for nothing', () => {
  const on = (of: 'billed' | 'late') => ({ class: of, invoice: own });
  expect(freeByRule('trial', on('billed'))).toEqual({ class: 'trial', invoice: own });
  expect(freeByRule('trial', on('late'))).toEqual({ class: 'trial', invoice: null });
  expect(freeByRule('waived', on('billed'))).toEqual({ class: 'waived', invoice: null });
});

it('an event is included as long as all of it is', () => {
  const rows = [
    { kind: 'allowance', quantity: '3' },
    { kind: 'free', quantity: '1' },
    { kind: 'tier', quantity: '9' },
  ];
  const units = new IncludedUnits({ id: 'line', position: 1 }, rows);
  const taken = ['2', '2', '0', '0.5'].map((quantity) => units.take(new Decimal(quantity)));
  expect(taken).toEqual([true, true, true, false]);
  const none = new IncludedUnits({ id: 'line', position: 1 }, [{ kind: 'unit', quantity: '9' }]);
  expect([none.isAny, none.take(new Decimal(0))]).toEqual([false, false]);
});
