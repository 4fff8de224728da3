import { modelField, usageField } from './usage-fields';

const OPENAI = {
  provider: 'openai',
  usage: {
    prompt_tokens: 1_155,
    completion_tokens: 211,
    total_tokens: 1_366,
    prompt_tokens_details: { cached_tokens: 1_024 },
  },
};
const ANTHROPIC = {
  input_tokens: 5,
  cache_creation_input_tokens: 4_735,
  cache_read_input_tokens: 0,
  output_tokens: 85,
};

it.each`
  data                                           | name                   | value        | because
  ${{ input_tokens: 12 }}                        | ${'input_tokens'}      | ${12}        | ${'a flat field'}
  ${{ input_tokens: '12.5' }}                    | ${'input_tokens'}      | ${'12.5'}    | ${'as it was sent'}
  ${{ output_tokens: 12 }}                       | ${'input_tokens'}      | ${undefined} | ${'what is not reported is not zero'}
  ${null}                                        | ${'input_tokens'}      | ${undefined} | ${'no data'}
  ${OPENAI}                                      | ${'input_tokens'}      | ${1_155}     | ${'all input, as OpenAI counts it'}
  ${OPENAI}                                      | ${'cache_read_tokens'} | ${1_024}     | ${'the part that was cached'}
  ${OPENAI}                                      | ${'output_tokens'}     | ${211}       | ${'output'}
  ${{ provider: 'anthropic', usage: ANTHROPIC }} | ${'input_tokens'}      | ${4_740}     | ${'Anthropic counts cached tokens beside: 5 + 4,735'}
  ${{ usage: 'my own text', input_tokens: 3 }}   | ${'input_tokens'}      | ${3}         | ${'a field that is only called so'}
  ${{ usage: { my: 'own' }, input_tokens: 3 }}   | ${'input_tokens'}      | ${3}         | ${'an object that is no provider’s'}
  ${{}}                                          | ${'constructor'}       | ${undefined} | ${'only own properties'}
`('usage.$name is $value: $because', ({ data, name, value }) => {
  expect(usageField(data, name)).toBe(value);
  expect(usageField(data, name)).toBe(value); // read twice, taken apart once
});

it.each`
  data                                                                          | provider     | model        | because
  ${{ provider: 'openai', model: 'gpt-4o' }}                                    | ${'openai'}  | ${'gpt-4o'}  | ${'as the event names them'}
  ${{ provider: 'openai', response: { model: 'gpt-4o', usage: OPENAI.usage } }} | ${'openai'}  | ${'gpt-4o'}  | ${'as the response names its model'}
  ${{ input_tokens: 1 }}                                                        | ${undefined} | ${undefined} | ${'neither says'}
  ${null}                                                                       | ${undefined} | ${undefined} | ${'no data'}
`('$provider, $model: $because', ({ data, provider, model }) => {
  expect(modelField(data, 'provider')).toBe(provider);
  expect(modelField(data, 'model')).toBe(model);
});
