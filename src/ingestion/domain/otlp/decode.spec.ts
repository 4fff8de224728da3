import fc from 'fast-check';
import { parseJson } from '../../../platform/http';
import { type AnyValue, exportOf, type JsonExport, type JsonSpan, toProtobuf } from '../../../../test/support/otlp';
import { ATTRIBUTION, FURTHER, TOKENS } from './attributes';
import { decodeJsonExport } from './decode-json';
import { decodeProtobufExport } from './decode-protobuf';
import { MalformedExportError } from './malformed-export';
import { readExport } from './read-export';
import { OTHER_VALUE } from './span';

/** As the server reads a body of JSON. */
const fromJson = (json: unknown) => decodeJsonExport(parseJson(JSON.stringify(json)));

const SPAN = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  parentSpanId: 'eee19b7ec3c1b173',
  startTimeUnixNano: '1544712660000000001',
  endTimeUnixNano: '1544712661000000999',
};
const DECODED = {
  traceId: SPAN.traceId,
  spanId: SPAN.spanId,
  parentSpanId: SPAN.parentSpanId,
  startNanos: 1544712660000000001n,
  endNanos: 1544712661000000999n,
  attributes: new Map(),
  failed: false,
};

function decodeOne(span: JsonSpan): unknown {
  return fromJson(exportOf([span]))[0]!.spans[0];
}

function attributeOf(value: AnyValue): unknown {
  const span = decodeOne({ ...SPAN, attributes: [{ key: 'gen_ai.operation.name', value }] });
  const { attributes, problem } = span as { attributes?: Map<string, unknown>; problem?: string };
  return problem ?? attributes!.get('gen_ai.operation.name');
}

it('decodes what OpenTelemetry’s own example has', () => {
  const json = exportOf([{ ...SPAN, name: 'I’m a server span', kind: 2, status: { code: 1 } }], {
    'service.name': 'my.service',
    'somebody.elses': 1,
  });
  const expected = [{ resource: new Map([['service.name', 'my.service']]), scope: 'a-library', spans: [DECODED] }];
  expect(fromJson(json)).toEqual(expected);
  expect(decodeProtobufExport(toProtobuf(json))).toEqual(expected);
});

it.each`
  written                                                    | read                                            | because
  ${{ traceId: '5B8EFFF798038103D269B633813FC60C' }}         | ${{}}                                           | ${'hexadecimal has two cases'}
  ${{ traceId: undefined }}                                  | ${{ traceId: '' }}                              | ${'what is left out is empty'}
  ${{ traceId: null }}                                       | ${{ traceId: '' }}                              | ${'null is left out'}
  ${{ startTimeUnixNano: 1544712660 }}                       | ${{ startNanos: 1544712660n }}                  | ${'a 64-bit integer may be a number'}
  ${{ endTimeUnixNano: undefined }}                          | ${{ endNanos: 0n }}                             | ${'a time that is left out is zero'}
  ${{ endTimeUnixNano: '18446744073709551615' }}             | ${{ endNanos: 2n ** 64n - 1n }}                 | ${'the last there is'}
  ${{ status: { code: 2, message: 'no' } }}                  | ${{ failed: true }}                             | ${'an enum is a number'}
  ${{ status: { code: 'STATUS_CODE_ERROR' } }}               | ${{ failed: true }}                             | ${'Protobuf’s own JSON has names'}
  ${{ status: { code: 'STATUS_CODE_OK' } }}                  | ${{}}                                           | ${'names for all'}
  ${{ status: {} }}                                          | ${{}}                                           | ${'unset'}
  ${{ attributes: null }}                                    | ${{}}                                           | ${'no attributes'}
  ${{ unknown: { deep: [1] }, kind: 'SPAN_KIND_CLIENT' }}    | ${{}}                                           | ${'fields that nothing reads are passed over'}
  ${{ attributes: [{ key: 'x', value: { intValue: [] } }] }} | ${{}}                                           | ${'so are attributes, whatever they are'}
  ${{ attributes: [{ key: 'user.id' }] }}                    | ${{ attributes: new Map([['user.id', null]]) }} | ${'an attribute may have no value'}
`('$written: $because', ({ written, read }) => {
  expect(decodeOne({ ...SPAN, ...written })).toEqual({ ...DECODED, ...read });
});

it('takes a nanosecond as a JSON number for what its digits say', () => {
  const json = JSON.stringify(exportOf([SPAN])).replace('"1544712660000000001"', '1544712660000000001');
  expect(decodeJsonExport(parseJson(json))[0]!.spans).toEqual([DECODED]);
});

it.each`
  value                                   | read
  ${{ stringValue: 'é' }}                 | ${'é'}
  ${{ stringValue: '' }}                  | ${''}
  ${{ boolValue: false }}                 | ${false}
  ${{ intValue: '-9223372036854775808' }} | ${-(2n ** 63n)}
  ${{ intValue: 12 }}                     | ${12n}
  ${{ intValue: '12e1' }}                 | ${120n}
  ${{ doubleValue: 0.5 }}                 | ${0.5}
  ${{ doubleValue: 1e-7 }}                | ${1e-7}
  ${{ doubleValue: '1e3' }}               | ${1000}
  ${{ doubleValue: 'NaN' }}               | ${NaN}
  ${{ doubleValue: '-Infinity' }}         | ${-Infinity}
  ${{ arrayValue: { values: [] } }}       | ${OTHER_VALUE}
  ${{ kvlistValue: {} }}                  | ${OTHER_VALUE}
  ${{ bytesValue: '' }}                   | ${OTHER_VALUE}
  ${{}}                                   | ${null}
  ${null}                                 | ${null}
  ${{ newValue: 1 }}                      | ${null}
  ${{ stringValue: 1 }}                   | ${'gen_ai.operation.name has a stringValue that is not a string'}
  ${{ boolValue: 'true' }}                | ${'gen_ai.operation.name has a boolValue that is not true or false'}
  ${{ intValue: 1.5 }}                    | ${'gen_ai.operation.name is not an integer'}
  ${{ intValue: '' }}                     | ${'gen_ai.operation.name is not an integer'}
  ${{ intValue: '9223372036854775808' }}  | ${'gen_ai.operation.name has an intValue of more than 64 bits'}
  ${{ doubleValue: '0x10' }}              | ${'gen_ai.operation.name has a doubleValue that is not a number'}
  ${{ doubleValue: '' }}                  | ${'gen_ai.operation.name has a doubleValue that is not a number'}
  ${'chat'}                               | ${'attributes[0].value is not an object'}
`('the value $value', ({ value, read }) => {
  expect(attributeOf(value)).toEqual(read);
});

it.each`
  written                                        | problem
  ${{ traceId: 5 }}                              | ${'traceId is not a string'}
  ${{ traceId: 'W47/95gDgQPSabYz' }}             | ${'traceId is not hexadecimal'}
  ${{ traceId: 'abc' }}                          | ${'traceId is not hexadecimal'}
  ${{ startTimeUnixNano: 'now' }}                | ${'startTimeUnixNano is not an integer'}
  ${{ endTimeUnixNano: -1 }}                     | ${'endTimeUnixNano is not a time in nanoseconds since 1970'}
  ${{ endTimeUnixNano: '18446744073709551616' }} | ${'endTimeUnixNano is not a time in nanoseconds since 1970'}
  ${{ attributes: {} }}                          | ${'attributes is not a list'}
  ${{ attributes: [1] }}                         | ${'attributes[0] is not an object'}
  ${{ attributes: [{ key: 1 }] }}                | ${'attributes[0].key is not a string'}
  ${{ status: [] }}                              | ${'status is not an object'}
  ${{ status: { code: 'ERROR' } }}               | ${'status.code is not an integer'}
`('a span with $written is malformed, and the others are not', ({ written, problem }) => {
  const [group] = fromJson(exportOf([SPAN, { ...SPAN, ...written }, SPAN]));
  expect(group!.spans).toEqual([DECODED, { spanId: SPAN.spanId, problem }, DECODED]);
});

it.each`
  body                                                        | field
  ${null}                                                     | ${'body'}
  ${[]}                                                       | ${'body'}
  ${{ resourceSpans: 1 }}                                     | ${'resourceSpans'}
  ${{ resourceSpans: [1] }}                                   | ${'resourceSpans[0]'}
  ${{ resourceSpans: [{ scopeSpans: {} }] }}                  | ${'resourceSpans[0].scopeSpans'}
  ${{ resourceSpans: [{}, { scopeSpans: [{ spans: '' }] }] }} | ${'resourceSpans[1].scopeSpans[0].spans'}
  ${{ resourceSpans: [{ scopeSpans: [{ spans: [1] }] }] }}    | ${'resourceSpans[0].scopeSpans[0].spans[0]'}
  ${{ resourceSpans: [{ resource: 1 }] }}                     | ${'resourceSpans[0].resource'}
  ${{ resourceSpans: [{ resource: { attributes: 1 } }] }}     | ${'resourceSpans[0].resource.attributes'}
`('an export that is $body is refused at $field', ({ body, field }) => {
  expect(() => decodeJsonExport(body)).toThrow(MalformedExportError);
  expect(() => decodeJsonExport(body)).toThrow(
    expect.objectContaining({ fields: [{ field, detail: expect.any(String) }] }),
  );
});

it.each([{}, { resourceSpans: null }, { resourceSpans: [] }, { resource_spans: [1] }])(
  '%p has nothing in it',
  (body) => {
    expect(decodeJsonExport(body)).toEqual([]);
  },
);

describe('Protobuf', () => {
  const bytes = toProtobuf(exportOf([{ ...SPAN, attributes: [{ key: 'user.id', value: { stringValue: 'ü' } }] }]));

  it('is read up to its last byte and no further: cut anywhere it is refused, or ends between two fields', () => {
    const whole = decodeProtobufExport(bytes);
    for (let length = 1; length < bytes.length; length += 1) {
      expect(() => decodeProtobufExport(bytes.subarray(0, length))).toThrow(MalformedExportError);
    }
    expect(decodeProtobufExport(Buffer.alloc(0))).toEqual([]);
    expect(whole[0]!.spans).toEqual([{ ...DECODED, attributes: new Map([['user.id', 'ü']]) }]);
  });

  it.each`
    hex                         | problem
    ${'ff'}                     | ${'is cut off'}
    ${'00'}                     | ${'has no possible field number'}
    ${'0affffffffffffffffff01'} | ${'goes past the end'}
    ${'0b'}                     | ${'is cut off'}
    ${'0b14'}                   | ${'ends another group'}
    ${'0c'}                     | ${'ends a group that nothing began'}
    ${'0f00'}                   | ${'unknown wire type 7'}
    ${'08ffffffffffffffffffff'} | ${'more than ten bytes'}
    ${'13'.repeat(33)}          | ${'a group too deep'}
    ${'0a0812060a040a02c328'}   | ${'not UTF-8'}
  `('$hex is refused: $problem', ({ hex, problem }) => {
    expect(() => decodeProtobufExport(Buffer.from(hex, 'hex'))).toThrow(problem);
  });

  it('passes over groups, and over a field written in another way than it should be', () => {
    expect(decodeProtobufExport(Buffer.from('131b1c14', 'hex'))).toEqual([]);
    expect(decodeProtobufExport(Buffer.from('0805', 'hex'))).toEqual([]);
  });

  it('of a field that is there twice takes the last, and of a message both', () => {
    const once = toProtobuf(exportOf([SPAN], { 'service.name': 'a' }));
    const two = Buffer.concat([once, once]);
    expect(decodeProtobufExport(two)).toEqual([...decodeProtobufExport(once), ...decodeProtobufExport(once)]);
  });

  it('random bytes are refused or read, and nothing else', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      // What is nearly an export gets further in.
      fc
        .tuple(fc.nat(bytes.length - 1), fc.nat(255))
        .map(([at, byte]) => Uint8Array.from(bytes, (each, index) => (index === at ? byte : each))),
    );
    fc.assert(
      fc.property(anything, (given) => {
        try {
          readExport(decodeProtobufExport(Buffer.from(given)));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedExportError);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('JSON and Protobuf of one export', () => {
  const hex = (bytes: number) =>
    fc
      .oneof(
        { weight: 8, arbitrary: fc.uint8Array({ minLength: bytes, maxLength: bytes }) },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }) },
        { weight: 1, arbitrary: fc.constant(new Uint8Array(bytes)) },
      )
      .map((each) => Buffer.from(each).toString('hex'));
  const nanos = fc.oneof(
    fc.bigInt({ min: 1_795_000_000_000_000_000n, max: 1_795_000_001_000_000_000n }),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  );
  const value: fc.Arbitrary<AnyValue> = fc.oneof(
    { weight: 4, arbitrary: fc.nat(5_000).map((count) => ({ intValue: String(count) })) },
    { weight: 2, arbitrary: fc.constantFrom('chat', 'execute_tool', 'invoke_agent', 'LLM', 'acme', '12', '').map((stringValue) => ({ stringValue })) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme' }).map((stringValue) => ({ stringValue })) },
    { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((count) => ({ intValue: count.toString() })) },
    { weight: 1, arbitrary: fc.boolean().map((boolValue) => ({ boolValue })) },
    { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)).map((doubleValue) => ({ doubleValue })) },
    { weight: 1, arbitrary: fc.constantFrom<AnyValue>({}, { doubleValue: 'NaN' }, { doubleValue: 'Infinity' }, { bytesValue: 'AAE=' }, { arrayValue: { values: [{ intValue: '1' }, {}] } }, { kvlistValue: { values: [{ key: 'a', value: { arrayValue: {} } }] } }) },
  ); // prettier-ignore
  const names = [...Object.values(ATTRIBUTION), ...Object.values(TOKENS), ...Object.values(FURTHER)].flat();
  const key = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('gen_ai.operation.name', 'weir.customer', 'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens') },
    { weight: 3, arbitrary: fc.constantFrom(...names, 'weir.count_usage', 'weir.data.plan', 'openinference.span.kind') },
    { weight: 1, arbitrary: fc.string() },
  ); // prettier-ignore
  const attributes = fc.array(fc.record({ key, value }), { maxLength: 12 });
  const span = fc.record({
    traceId: hex(16),
    spanId: hex(8),
    parentSpanId: hex(8),
    startTimeUnixNano: nanos.map(String),
    endTimeUnixNano: nanos.map(String),
    attributes,
    status: fc.record({ code: fc.nat(2), message: fc.string() }),
    name: fc.string(),
    kind: fc.nat(5),
    flags: fc.nat(),
    traceState: fc.string(),
    events: fc.array(fc.record({ timeUnixNano: nanos.map(String), name: fc.string(), attributes }), { maxLength: 2 }),
  });
  const exported: fc.Arbitrary<JsonExport> = fc.record({
    resourceSpans: fc.array(
      fc.record({
        resource: fc.record({ attributes }),
        scopeSpans: fc.array(
          fc.record({ scope: fc.record({ name: fc.string() }), spans: fc.array(span, { maxLength: 3 }) }),
          { maxLength: 2 },
        ),
      }),
      { maxLength: 2 },
    ),
  });

  it('are the same spans and the same events', () => {
    fc.assert(
      fc.property(exported, (json) => {
        const groups = fromJson(json);
        expect(decodeProtobufExport(toProtobuf(json))).toEqual(groups);
        expect(() => readExport(groups)).not.toThrow();
      }),
      { numRuns: 1_000 },
    );
  });
});
