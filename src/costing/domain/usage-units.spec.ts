import fc from 'fast-check';
import type { EventUsage, UsageUnits } from './event-usage';
import { type Quantity, add, fromScaled, quantityText, toScaled } from './quantity';
import { CORE_UNITS, PRICED_UNITS, UNIT_FIELDS } from './unit-table';
import { isUsageProblem, readUsage, reportedOf } from './usage-units';

const GPT_4O = { provider: 'openai', model: 'gpt-4o' };

function unitsOf(data: unknown): UsageUnits {
  const reading = readUsage(data);
  if (isUsageProblem(reading)) throw new Error(`${reading.field} ${reading.detail}`);
  if (reading.units === null) throw new Error('no units');
  return reading.units;
}

const ABSENT = {
  input: null,
  cacheRead: null,
  cacheWrite: null,
  cacheWrite1h: null,
  inputAudio: null,
  cachedAudio: null,
  output: null,
  outputAudio: null,
  requests: null,
};

describe('splitting totals into disjoint units', () => {
  it.each`
    data                                                                                                 | units                                                            | because
    ${{ input_tokens: 1155, output_tokens: 211 }}                                                        | ${{ input: 1155, output: 211 }}                                  | ${'nothing cached, nothing spoken'}
    ${{ input_tokens: 4740, cache_read_tokens: 4000 }}                                                   | ${{ input: 740, cacheRead: 4000 }}                               | ${'cached tokens are inside the input total'}
    ${{ input_tokens: 4740, cache_read_tokens: 0, cache_write_tokens: 4735, output_tokens: 255 }}        | ${{ input: 5, cacheRead: 0, cacheWrite: 4735, output: 255 }}     | ${"the example of the catalogue's own readme"}
    ${{ input_tokens: 100, cache_read_tokens: 100 }}                                                     | ${{ input: 0, cacheRead: 100 }}                                  | ${'all of it cached: input is reported, and zero'}
    ${{ input_tokens: 100, input_audio_tokens: 30 }}                                                     | ${{ input: 70, inputAudio: 30 }}                                 | ${'audio is inside the input total'}
    ${{ input_tokens: 100, input_audio_tokens: 30, cache_read_tokens: 50, cache_audio_read_tokens: 20 }} | ${{ input: 40, cacheRead: 30, inputAudio: 10, cachedAudio: 20 }} | ${'cached audio is in both totals, and counted once'}
    ${{ output_tokens: 50, output_audio_tokens: 50 }}                                                    | ${{ output: 0, outputAudio: 50 }}                                | ${'audio is inside the output total'}
    ${{ requests: 3 }}                                                                                   | ${{ requests: 3 }}                                               | ${'requests stand alone'}
    ${{ input_tokens: '10.5', cache_read_tokens: 0.5 }}                                                  | ${{ input: 10, cacheRead: 500_000_000_000n }}                    | ${'a fraction leaves a whole'}
    ${{ input_tokens: 0, output_tokens: 0 }}                                                             | ${{ input: 0, output: 0 }}                                       | ${'reported zeros are not absent'}
    ${{ input_tokens: 5, output_tokens: null }}                                                          | ${{ input: 5 }}                                                  | ${'null is absent'}
  `('$because', ({ data, units }) => {
    expect(unitsOf({ ...GPT_4O, ...data })).toMatchObject({ ...ABSENT, ...units });
  });

  it.each`
    data                                                                                            | field                             | detail
    ${{ input_tokens: 100, cache_read_tokens: 101 }}                                                | ${'data.cache_read_tokens'}       | ${'is 101, more than the 100 of data.input_tokens, which includes it'}
    ${{ input_tokens: 100, cache_read_tokens: 60, cache_write_tokens: 60 }}                         | ${'data.input_tokens'}            | ${'is 100, less than the cached and audio tokens it includes, which add up to 120'}
    ${{ cache_read_tokens: 40, output_tokens: 7 }}                                                  | ${'data.input_tokens'}            | ${'is missing: it is a total that includes the 40 of data.cache_read_tokens'}
    ${{ input_tokens: 100, cache_read_tokens: 10, cache_audio_read_tokens: 5 }}                     | ${'data.input_audio_tokens'}      | ${'is missing: it is a total that includes the 5 of data.cache_audio_read_tokens'}
    ${{ input_tokens: 9, cache_read_tokens: 4, input_audio_tokens: 9, cache_audio_read_tokens: 5 }} | ${'data.cache_audio_read_tokens'} | ${'is 5, more than the 4 of data.cache_read_tokens, which includes it'}
    ${{ output_tokens: 1, output_audio_tokens: 2 }}                                                 | ${'data.output_audio_tokens'}     | ${'is 2, more than the 1 of data.output_tokens, which includes it'}
    ${{ input_tokens: -1 }}                                                                         | ${'data.input_tokens'}            | ${'must not be negative'}
    ${{ output_tokens: 'many' }}                                                                    | ${'data.output_tokens'}           | ${'must be a plain decimal such as "12.50": digits with an optional point, no exponent'}
    ${{ requests: true }}                                                                           | ${'data.requests'}                | ${'must be a number of 0 or more, such as 1155 or "1155"'}
    ${{ input_tokens: 1, model: '' }}                                                               | ${'data.model'}                   | ${'must be a string of 1 to 255 characters'}
    ${{ input_tokens: 1, model: 'm'.repeat(256) }}                                                  | ${'data.model'}                   | ${'must be a string of 1 to 255 characters'}
    ${{ input_tokens: 1, provider: 7 }}                                                             | ${'data.provider'}                | ${'must be a string of 1 to 255 characters'}
  `('refuses $data by $field', ({ data, field, detail }) => {
    expect(readUsage({ ...GPT_4O, ...data })).toEqual({ field, detail });
  });

  it.each`
    data                                                                  | because
    ${undefined}                                                          | ${'no data'}
    ${null}                                                               | ${'null for no data'}
    ${{}}                                                                 | ${'empty data'}
    ${{ success: true, pages: 3 }}                                        | ${"the sender's own fields"}
    ${JSON.parse('{"__proto__": {"input_tokens": 5}, "constructor": 1}')} | ${'a field called __proto__ is a field of that name'}
  `('finds nothing that costs: $because', ({ data }) => {
    expect(readUsage(data)).toEqual({ provider: null, model: null, serviceClass: null, units: null });
  });

  it.each([['text'], [5], [[{ input_tokens: 5 }]]])('refuses data that is no object: %j', (data) => {
    expect(readUsage(data)).toEqual({ field: 'data', detail: 'must be a JSON object' });
  });

  it('keeps the names as they were sent', () => {
    expect(readUsage({ provider: 'OpenAI', model: 'GPT-4o ' })).toEqual({
      provider: 'OpenAI',
      model: 'GPT-4o ',
      serviceClass: null,
      units: null,
    });
  });

  it('keeps what it reports of units that few events have, zeros too', () => {
    const data = { ...GPT_4O, input_tokens: 5, web_searches: 2, input_image_tokens: 0, audio_seconds: '1.5' };
    expect([...(unitsOf(data).others ?? [])]).toEqual([
      ['webSearches', 2],
      ['inputImage', 0],
      ['audioSeconds', 1_500_000_000_000n],
    ]);
    const others = (value: unknown) => unitsOf({ ...GPT_4O, input_tokens: 5, web_searches: value }).others;
    for (const own of [['a query'], 'many', true, null, {}]) expect(others(own)).toBeNull();
  });

  it.each`
    data                                                                                          | field                            | because
    ${{ input_tokens: 5, web_searches: -1 }}                                                      | ${'data.web_searches'}           | ${'below zero'}
    ${{ input_tokens: 5, input_image_tokens: 6 }}                                                 | ${'data.input_image_tokens'}     | ${'more than the total that includes it'}
    ${{ output_reasoning_tokens: 6 }}                                                             | ${'data.output_tokens'}          | ${'without that total'}
    ${{ input_tokens: 9, cache_write_5m_tokens: 6 }}                                              | ${'data.cache_write_tokens'}     | ${'written for five minutes is written'}
    ${{ input_tokens: 9, cache_write_1h_tokens: 6 }}                                              | ${'data.cache_write_tokens'}     | ${'for an hour too'}
    ${{ input_tokens: 9, input_text_tokens: 3, cache_read_tokens: 6, cache_text_read_tokens: 4 }} | ${'data.cache_text_read_tokens'} | ${'more cached text than text'}
  `('refuses $data: $because', ({ data, field }) => {
    expect(readUsage({ ...GPT_4O, ...data })).toMatchObject({ field });
  });

  it('does not take totals apart of which it does not know what both parts share', () => {
    const units = unitsOf({ input_tokens: 10, cache_read_tokens: 8, input_audio_tokens: 6 });
    expect(units).toMatchObject({ disjoint: false, input: 10, cacheRead: 8, inputAudio: 6, cachedAudio: null });
    expect(unitsOf({ input_tokens: 10, cache_read_tokens: 0, input_audio_tokens: 6 })).toMatchObject({
      disjoint: true,
      input: 4,
    });
    const written = { input_tokens: 10, cache_write_tokens: 8, input_audio_tokens: 6, cache_audio_write_tokens: 5 };
    expect(unitsOf(written)).toMatchObject({ disjoint: false, input: 10, cacheWrite: 8, inputAudio: 6 });
  });

  it.each`
    data                            | serviceClass | because
    ${{}}                           | ${null}      | ${'not said'}
    ${{ serviceTier: 'batch' }}     | ${'batch'}   | ${'a class of its own'}
    ${{ service_tier: 'Flex ' }}    | ${'flex'}    | ${'as OpenAI spells the field'}
    ${{ serviceTier: 'default' }}   | ${null}      | ${"OpenAI's word for the standard"}
    ${{ serviceTier: 'standard' }}  | ${null}      | ${"Anthropic's"}
    ${{ serviceTier: 'on_demand' }} | ${null}      | ${"Groq's"}
    ${{ serviceTier: 'scale' }}     | ${'scale'}   | ${'one nobody has a price for, and not the standard'}
  `('reads $data as class $serviceClass: $because', ({ data, serviceClass }) => {
    expect(readUsage({ ...GPT_4O, input_tokens: 5, ...data })).toMatchObject({ serviceClass });
  });

  it('refuses a service tier that is no name', () => {
    expect(readUsage({ ...GPT_4O, serviceTier: 7 })).toMatchObject({ field: 'data.serviceTier' });
    expect(readUsage({ ...GPT_4O, service_tier: [] })).toMatchObject({ field: 'data.service_tier' });
  });
});

describe('true of every usage', () => {
  const quantity: fc.Arbitrary<Quantity> = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 2_000_000 }) },
    { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 10n ** 18n }).map(fromScaled) },
  );
  const total = (...parts: Quantity[]) => parts.reduce(add, 0);

  it('disjoint units add up to the totals they were split from, and come back as they went in', () => {
    fc.assert(
      fc.property(
        fc.tuple(quantity, quantity, quantity, quantity, quantity, quantity, quantity, quantity),
        fc.boolean(),
        ([input, cacheRead, cacheWrite, cacheWrite1h, inputAudio, cachedAudio, output, outputAudio], asText) => {
          const sent = (value: Quantity) => (asText || typeof value === 'bigint' ? quantityText(value) : value);
          const units = unitsOf({
            input_tokens: sent(total(input, cacheRead, cacheWrite, cacheWrite1h, inputAudio, cachedAudio)),
            cache_read_tokens: sent(total(cacheRead, cachedAudio)),
            cache_write_tokens: sent(total(cacheWrite, cacheWrite1h)),
            cache_write_1h_tokens: sent(cacheWrite1h),
            input_audio_tokens: sent(total(inputAudio, cachedAudio)),
            cache_audio_read_tokens: sent(cachedAudio),
            output_tokens: sent(total(output, outputAudio)),
            output_audio_tokens: sent(outputAudio),
          });
          expect(units).toMatchObject({
            input,
            cacheRead,
            cacheWrite,
            cacheWrite1h,
            inputAudio,
            cachedAudio,
            output,
            outputAudio,
          });
          expect(units.totalInput).toBe(total(input, cacheRead, cacheWrite, cacheWrite1h, inputAudio, cachedAudio));
          expect(reportedOf(units, 'cacheRead')).toBe(total(cacheRead, cachedAudio));
          expect(reportedOf(units, 'cacheWrite')).toBe(total(cacheWrite, cacheWrite1h));
          expect(reportedOf(units, 'inputAudio')).toBe(total(inputAudio, cachedAudio));
          expect(units.totalOutput).toBe(total(output, outputAudio));
        },
      ),
    );
  });

  it('whatever is sent is read or refused, never thrown at, and what is read is never negative', () => {
    const value = fc.oneof(
      fc.nat(),
      fc.double(),
      fc.string(),
      fc.constant(null),
      fc.boolean(),
      fc.bigInt().map(String),
    );
    const data = fc.oneof(
      fc.jsonValue(),
      fc.record(Object.fromEntries(Object.values(UNIT_FIELDS).map((field) => [field, value])), { requiredKeys: [] }),
    );
    fc.assert(
      fc.property(data, (anything) => {
        const reading: EventUsage | { field: string } = readUsage(anything);
        if ('field' in reading) expect(reading.field).toMatch(/^data/);
        else if (reading.units !== null) {
          for (const unit of PRICED_UNITS) expect(toScaled(reportedOf(reading.units, unit) ?? 0) >= 0n).toBe(true);
          for (const unit of CORE_UNITS) expect(toScaled(reading.units[unit] ?? 0) >= 0n).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
