import { CloudEvent } from 'cloudevents';
import fc from 'fast-check';
import { isEventProblem, parseEvent } from '../../events/domain';
import { attributesOf } from './binary-cloud-event';
import { inCloudEventTerms, parseCloudEvent, parseOpenMeterEvent } from './cloud-event';

const LEAST = { specversion: '1.0', id: 'e-1', source: '/app', type: 'llm.request', subject: 'acme' };
const OURS = { id: 'e-1', source: '/app', type: 'llm.request', customer: 'acme' };

it('reads the least there is', () => {
  expect(parseCloudEvent(LEAST)).toEqual(parseEvent(OURS));
});

it.each`
  attributes                                                     | ours                                                           | because
  ${{ time: '2026-11-21T09:30:00.25Z' }}                         | ${{ time: '2026-11-21T09:30:00.25Z' }}                         | ${'time is time'}
  ${{ data: { model: 'gpt-4o' } }}                               | ${{ data: { model: 'gpt-4o' } }}                               | ${'data is data'}
  ${{ data: null, time: null, feature: null, dataschema: null }} | ${{}}                                                          | ${'null says that an attribute is not there'}
  ${{ feature: 'chat', department: 'sales', agent: 'a' }}        | ${{ feature: 'chat', department: 'sales', agent: 'a' }}        | ${'attribution by the same names'}
  ${{ session: 's', task: 't', user: 'u', parent: 'session:r' }} | ${{ session: 's', task: 't', user: 'u', parent: 'session:r' }} | ${'all of it'}
  ${{ hold: 7 }}                                                 | ${{ hold: '7' }}                                               | ${'a number as its text'}
  ${{ step: 'retry' }}                                           | ${{ step: 'retry' }}                                           | ${'work that was done again'}
  ${{ task: 7, session: true }}                                  | ${{ task: '7', session: 'true' }}                              | ${'in a header they are text, so here they are too'}
  ${{ costamount: '0.0125', costcurrency: 'USD' }}               | ${{ cost: { amount: '0.0125', currency: 'USD' } }}             | ${'a reported cost has two attributes'}
  ${{ costamount: 2, costcurrency: 'USD' }}                      | ${{ cost: { amount: 2, currency: 'USD' } }}                    | ${'JSON numbers are exact here'}
  ${{ datacontenttype: 'application/json; charset=utf-8' }}      | ${{}}                                                          | ${'JSON with a parameter'}
  ${{ datacontenttype: 'application/vnd.acme+json' }}            | ${{}}                                                          | ${'a format on top of JSON'}
  ${{ dataschema: 'https://example.com/usage.json' }}            | ${{}}                                                          | ${'a schema is the sender’s own affair'}
  ${{ traceparent: '00-0af7-b7ad-01', sequence: 7, x: [] }}      | ${{}}                                                          | ${'extensions of others are let pass'}
`('$attributes: $because', ({ attributes, ours }: { attributes: object; ours: object }) => {
  const expected = parseEvent({ ...OURS, ...ours });
  expect(isEventProblem(expected)).toBe(false);
  expect(parseCloudEvent({ ...LEAST, ...attributes })).toEqual(expected);
});

it.each`
  event                                                  | field                | because
  ${null}                                                | ${'event'}           | ${'null is no object'}
  ${[LEAST]}                                             | ${'event'}           | ${'a list goes into a batch'}
  ${'text'}                                              | ${'event'}           | ${'nor is text'}
  ${{ ...LEAST, specversion: undefined }}                | ${'specversion'}     | ${'it is needed'}
  ${{ ...LEAST, specversion: '0.3' }}                    | ${'specversion'}     | ${'an older one'}
  ${{ ...LEAST, specversion: 1 }}                        | ${'specversion'}     | ${'it is text'}
  ${{ ...LEAST, id: undefined }}                         | ${'id'}              | ${'it is needed'}
  ${{ ...LEAST, id: '' }}                                | ${'id'}              | ${'it must say something'}
  ${{ ...LEAST, source: undefined }}                     | ${'source'}          | ${'no default: with the id it is the identity'}
  ${{ ...LEAST, source: '' }}                            | ${'source'}          | ${'the same'}
  ${{ ...LEAST, type: null }}                            | ${'type'}            | ${'it is needed'}
  ${{ ...LEAST, subject: undefined }}                    | ${'subject'}         | ${'someone has to be the customer'}
  ${{ ...LEAST, subject: 5 }}                            | ${'subject'}         | ${'it is text'}
  ${{ ...LEAST, time: 'yesterday' }}                     | ${'time'}            | ${'it is an instant'}
  ${{ ...LEAST, data: 'text' }}                          | ${'data'}            | ${'meters read objects'}
  ${{ ...LEAST, data: [] }}                              | ${'data'}            | ${'a list is none'}
  ${{ ...LEAST, data_base64: 'e30=' }}                   | ${'data_base64'}     | ${'usage is not binary'}
  ${{ ...LEAST, datacontenttype: 'application/xml' }}    | ${'datacontenttype'} | ${'nor XML'}
  ${{ ...LEAST, datacontenttype: 'application/jsonx' }}  | ${'datacontenttype'} | ${'nor something that begins like JSON'}
  ${{ ...LEAST, datacontenttype: 1 }}                    | ${'datacontenttype'} | ${'it is text'}
  ${{ ...LEAST, dataschema: 1 }}                         | ${'dataschema'}      | ${'it is text'}
  ${{ ...LEAST, customerId: 'acme' }}                    | ${'customerId'}      | ${'capitals are in no attribute’s name'}
  ${{ ...LEAST, cost_amount: '1' }}                      | ${'cost_amount'}     | ${'nor is an underscore'}
  ${{ ...LEAST, '': '1' }}                               | ${''}                | ${'nor is nothing a name'}
  ${{ ...LEAST, costamount: '1' }}                       | ${'costcurrency'}    | ${'an amount of what'}
  ${{ ...LEAST, costcurrency: 'USD' }}                   | ${'costamount'}      | ${'how much'}
  ${{ ...LEAST, costamount: '-1', costcurrency: 'USD' }} | ${'costamount'}      | ${'never below zero'}
  ${{ ...LEAST, feature: {} }}                           | ${'feature'}         | ${'it is text'}
  ${{ ...LEAST, step: 'again' }}                         | ${'step'}            | ${'one of two words'}
`('refuses $field: $because', ({ event, field }: { event: unknown; field: string }) => {
  const problem = parseCloudEvent(event);
  if (!isEventProblem(problem)) throw new Error('The event was accepted.');
  expect(inCloudEventTerms(problem)).toMatchObject({ code: 'invalid_event', field });
});

it('OpenMeter fills in the version, and nothing else', () => {
  const { specversion: _, ...without } = LEAST;
  expect(parseOpenMeterEvent(without)).toEqual(parseEvent(OURS));
  expect(parseOpenMeterEvent({ ...without, specversion: null })).toEqual(parseEvent(OURS));
  expect(parseOpenMeterEvent({ ...without, specversion: '0.3' })).toMatchObject({ field: 'specversion' });
  for (const name of ['id', 'source', 'type', 'subject'])
    expect(parseOpenMeterEvent({ ...LEAST, [name]: undefined })).toMatchObject({ code: 'invalid_event' });
  expect(parseOpenMeterEvent(null)).toMatchObject({ field: 'event' });
});

describe('in binary mode', () => {
  it.each`
    value                          | read             | because
    ${'acme'}                      | ${'acme'}        | ${'as it stands'}
    ${''}                          | ${''}            | ${'nothing'}
    ${'Euro%20%E2%82%AC%20100%25'} | ${'Euro € 100%'} | ${'percent-encoded, as the binding has it'}
    ${'"a \\"b\\" \\\\c"'}         | ${'a "b" \\c'}   | ${'quoted, as HTTP has it'}
    ${'"%41"'}                     | ${'A'}           | ${'quoted and percent-encoded'}
    ${'"'}                         | ${'"'}           | ${'one quote quotes nothing'}
  `('$value: $because', ({ value, read }: Record<string, string>) => {
    expect(attributesOf({ 'ce-subject': value, 'content-type': 'application/json' })).toEqual({
      attributes: { subject: read },
    });
  });

  it.each(['caf\u00e9', 'a\tb', '%', '100%', '%zz', '%ff', '%ed%a0%80'])('refuses %j', (value) => {
    expect(attributesOf({ 'ce-subject': value })).toMatchObject({ code: 'invalid_event', field: 'ce-subject' });
  });

  it('joins what was sent twice, and does no harm with odd names', () => {
    const sent = { 'ce-id': ['a', 'b'], 'ce-header': 'x', 'ce-detail': 'y', 'ce-__proto__': 'z', 'ce-gone': undefined };
    expect(attributesOf(sent)).toEqual({ attributes: { id: 'a, b', header: 'x', detail: 'y' } });
  });

  it('gives back any text that was encoded as the binding has it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = [...text].map((one) => (/[!#-$&-~]/.test(one) ? one : encodeURIComponent(one))).join('');
        expect(attributesOf({ 'ce-id': encoded })).toEqual({ attributes: { id: text } });
      }),
    );
  });
});

it('reads what the cloudevents package writes', () => {
  const event = new CloudEvent({
    ...LEAST,
    time: '2026-11-21T09:30:00.250Z',
    data: { input_tokens: 3 },
    feature: 'chat',
    datacontenttype: 'application/json',
  });
  expect(parseCloudEvent(JSON.parse(event.toString()))).toEqual(
    parseEvent({ ...OURS, time: '2026-11-21T09:30:00.250Z', data: { input_tokens: 3 }, feature: 'chat' }),
  );
});
