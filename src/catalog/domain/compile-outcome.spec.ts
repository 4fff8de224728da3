import { Decimal } from '../../kernel';
import type { OutcomeCharge } from './charges/outcome';
import { compileOutcome } from './compile-outcome';

type Event = Readonly<Record<string, unknown>>;
/** A stand-in for metering's reader: fields by their whole name. */
const judge = (rest: Partial<OutcomeCharge>, event: Event): unknown =>
  compileOutcome<Event>(
    { model: 'outcome', prices: [], success: [{ field: 'data.status', equals: 'done' }], ...rest },
    (field) => (of) => of[field],
  )(event);

const SCORE = { success: [{ field: 'data.score', atLeast: new Decimal('0.8') }] };
const BOTH = { success: [{ field: 'data.status', equals: 'done' }, { humanAccepted: true as const }] };

it.each`
  rest                                                            | event                                               | success  | because
  ${{}}                                                           | ${{ 'data.status': 'done' }}                        | ${true}  | ${'the value that is asked for'}
  ${{}}                                                           | ${{ 'data.status': 'Done' }}                        | ${false} | ${'letters are compared as they are'}
  ${{}}                                                           | ${{}}                                               | ${false} | ${'an event that says nothing failed'}
  ${{ success: [{ field: 'data.ok', equals: true }] }}            | ${{ 'data.ok': 'true' }}                            | ${true}  | ${'as text, like meters’ filters'}
  ${{ success: [{ field: 'data.ok', equals: 1 }] }}               | ${{ 'data.ok': true }}                              | ${false} | ${'true is not 1'}
  ${SCORE}                                                        | ${{ 'data.score': 0.8 }}                            | ${true}  | ${'the least score is enough'}
  ${SCORE}                                                        | ${{ 'data.score': '0.79999999999' }}                | ${false} | ${'compared exactly'}
  ${SCORE}                                                        | ${{ 'data.score': 'high' }}                         | ${false} | ${'a word is no score'}
  ${SCORE}                                                        | ${{ 'data.score': null }}                           | ${false} | ${'nothing is no score'}
  ${BOTH}                                                         | ${{ 'data.status': 'done', 'data.accepted': true }} | ${true}  | ${'all rules hold'}
  ${BOTH}                                                         | ${{ 'data.status': 'done' }}                        | ${false} | ${'nobody accepted it yet'}
  ${BOTH}                                                         | ${{ 'data.status': 'done', 'data.accepted': 'no' }} | ${false} | ${'somebody refused it'}
  ${{ success: [{ humanAccepted: true, field: 'data.signed' }] }} | ${{ 'data.signed': true }}                          | ${true}  | ${'where the charge says it stands'}
  ${{}}                                                           | ${{ 'data.status': 'done', 'data.reversed': true }} | ${false} | ${'a reversal is no success, whatever else it says'}
`('$event: $because', ({ rest, event, success }) => {
  expect(judge(rest, event)).toMatchObject({ success });
});

it.each`
  rest                                                                                      | event                                                      | expected                                                             | because
  ${{}}                                                                                     | ${{ task: 't1', 'data.outcome': 'resolved' }}              | ${{ task: 't1', type: 'resolved', success: false, reversal: false }} | ${'where it stands unless told'}
  ${{ taskField: 'data.ticket', typeField: 'data.kind' }}                                   | ${{ task: 't1', 'data.ticket': 7, 'data.kind': 'refund' }} | ${{ task: '7', type: 'refund', success: false, reversal: false }}    | ${'and where told'}
  ${{}}                                                                                     | ${{ task: '', 'data.outcome': '' }}                        | ${{ task: null, type: '', success: false, reversal: false }}         | ${'an empty name is no task'}
  ${{}}                                                                                     | ${{ task: null, 'data.outcome': { a: 1 } }}                | ${{ task: null, type: null, success: false, reversal: false }}       | ${'an object is no type'}
  ${{}}                                                                                     | ${{ task: 't1', 'data.reversed': 'true' }}                 | ${{ task: 't1', type: null, success: false, reversal: true }}        | ${'a reversal'}
  ${{ reversal: { field: 'data.event', operator: 'in', value: ['reopened', 'refunded'] } }} | ${{ task: 't1', 'data.event': 'reopened' }}                | ${{ task: 't1', type: null, success: false, reversal: true }}        | ${'as the charge says it is told'}
`('$event: $because', ({ rest, event, expected }) => {
  expect(judge(rest, event)).toEqual(expected);
});
