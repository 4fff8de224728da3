import fc from 'fast-check';
import { isUsageProblem, readUsage } from '../usage-units';

const chat = { prompt_tokens: 2006, completion_tokens: 300, prompt_tokens_details: { cached_tokens: 1920 } };

describe('an event that carries a raw block', () => {
  it('is read as the flat event that says the same', () => {
    const flat = {
      provider: 'openai',
      model: 'gpt-4o',
      input_tokens: 2006,
      cache_read_tokens: 1920,
      output_tokens: 300,
    };
    expect(readUsage({ provider: 'openai', model: 'gpt-4o', usage: chat })).toEqual(readUsage(flat));
    expect(readUsage({ provider: 'openai', response: { model: 'gpt-4o', usage: chat } })).toEqual(readUsage(flat));
  });

  it('is read in disjoint units', () => {
    expect(readUsage({ provider: 'openai', model: 'gpt-4o', usage: chat })).toMatchObject({
      units: { input: 86, cacheRead: 1920, output: 300, totalInput: 2006, totalOutput: 300 },
    });
  });

  it('keeps what it does not know, unless the sender named the flavour', () => {
    const data = { provider: 'openai', model: 'gpt-4o', usage: { ...chat, videos: 2 } };
    expect(readUsage(data)).toMatchObject({ unread: ['usage.videos'] });
    expect(readUsage({ ...data, apiFlavor: 'chat' })).not.toHaveProperty('unread');
  });

  it.each([
    [
      'a part that is more than its total',
      { usage: { ...chat, prompt_tokens_details: { cached_tokens: 2007 } } },
      {
        field: 'data.usage.prompt_tokens_details.cached_tokens',
        detail: 'is 2007, more than the 2006 of data.usage.prompt_tokens, which includes it',
      },
    ],
    [
      'the same inside a body',
      { response: { usage: { ...chat, completion_tokens_details: { audio_tokens: 301 } } } },
      {
        field: 'data.response.usage.completion_tokens_details.audio_tokens',
        detail: 'is 301, more than the 300 of data.response.usage.completion_tokens, which includes it',
      },
    ],
    [
      'a flat field beside the block',
      { usage: chat, input_tokens: 2006 },
      {
        field: 'data.input_tokens',
        detail: 'must not come with data.usage.prompt_tokens: send the block or flat fields',
      },
    ],
    [
      'a flat field that the block does not have',
      { usage: chat, output_reasoning_tokens: 5 },
      { field: 'data.output_reasoning_tokens', detail: 'must not come with data.usage: send the block or flat fields' },
    ],
  ])('%s is named as it was sent', (_name, data, problem) => {
    expect(readUsage({ provider: 'openai', model: 'gpt-4o', ...data })).toEqual(problem);
  });

  it('may be told what the block never counts', () => {
    const usage = readUsage({ provider: 'openai', model: 'gpt-4o', usage: chat, web_searches: 2, requests: 1 });
    expect(usage).toMatchObject({ units: { requests: 1, totalInput: 2006 } });
  });

  it("is not one whose usage is the sender's own object", () => {
    expect(readUsage({ usage: { gigabytes: 5 } })).toEqual(readUsage({}));
    expect(readUsage({ provider: 'openai', model: 'm', input_tokens: 5, response: 'text' })).toMatchObject({
      units: { totalInput: 5 },
    });
  });
});

describe('every token once', () => {
  const count = fc.nat({ max: 1_000_000 });

  it('Anthropic: what stands beside the input adds up to the total', () => {
    fc.assert(
      fc.property(count, count, count, count, count, (input, read, short, long, output) => {
        const usage = readUsage({
          provider: 'anthropic',
          model: 'claude',
          usage: {
            input_tokens: input,
            cache_read_input_tokens: read,
            cache_creation_input_tokens: short + long,
            cache_creation: { ephemeral_5m_input_tokens: short, ephemeral_1h_input_tokens: long },
            output_tokens: output,
          },
        });
        expect(sums(usage)).toEqual({ input: input + read + short + long, output });
      }),
    );
  });

  it('OpenAI: what is inside the input is taken out of it', () => {
    fc.assert(
      fc.property(count, count, count, count, (input, cached, output, audio) => {
        const usage = readUsage({
          provider: 'openai',
          model: 'gpt',
          usage: {
            prompt_tokens: input + cached,
            prompt_tokens_details: { cached_tokens: cached },
            completion_tokens: output + audio,
            completion_tokens_details: { audio_tokens: audio },
          },
        });
        expect(sums(usage)).toEqual({ input: input + cached, output: output + audio });
      }),
    );
  });

  function sums(usage: ReturnType<typeof readUsage>) {
    if (isUsageProblem(usage) || usage.units === null) return usage;
    const { units } = usage;
    const sum = (...names: string[]) =>
      names.reduce((total, name) => total + Number((units as unknown as Record<string, unknown>)[name] ?? 0), 0);
    return {
      input: sum('input', 'cacheRead', 'cacheWrite', 'cacheWrite1h', 'inputAudio', 'cachedAudio'),
      output: sum('output', 'outputAudio'),
    };
  }
});
