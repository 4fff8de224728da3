// Weir in front of an agent: hold money before each step, do the step, tell what it used. A step that would pass a cap
// is not taken.
//
//   WEIR=http://127.0.0.1:8787 KEY=weir_… node examples/agent.mjs
const { WEIR = 'http://127.0.0.1:8787', KEY } = process.env;

async function weir(path, body, method = 'POST') {
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const response = await fetch(WEIR + path, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

// "Never more than five cents in one session". Made once; sent again, nothing changes.
await weir('/v1/caps', {
  key: 'agent-example',
  scope: { customer: 'acme', agent: 'example' },
  each: ['session'],
  measure: 'cost',
  period: 'session',
  kind: 'hard',
  limit: '0.05',
});

// The ten lines. `model` is your call of a model; what it may cost at most is held before it is made.
const work = { customer: 'acme', agent: 'example', session: `example-${Date.now()}` };
async function step(number, inputTokens, model) {
  const key = `${work.session}-${number}`;
  const estimate = { provider: 'openai', model: 'gpt-4o', inputTokens, maxTokens: 1000 };
  const { decision, hold, detail } = await weir('/v1/holds', { ...work, key, estimate });
  if (decision !== 'allow') return console.log(`step ${number}: ${decision}: ${detail}`);
  const { usage } = await model();
  await weir('/v1/events', {
    ...work,
    id: key,
    hold,
    type: 'llm.request',
    data: { provider: 'openai', model: 'gpt-4o', usage },
  });
  console.log(`step ${number}: done`);
}

// As `await openai.chat.completions.create(…)` gives it.
const answer = { usage: { prompt_tokens: 4000, completion_tokens: 500, total_tokens: 4500 } };
for (let number = 1; number <= 4; number += 1) await step(number, 4000, async () => answer);
