// Sends the `usage` of a provider's response as it came, and reads back what each token of it cost.
//
//   WEIR=http://127.0.0.1:8787 KEY=weir_… node examples/provider-usage.mjs
const { WEIR = 'http://127.0.0.1:8787', KEY } = process.env;
const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };

// As `await openai.chat.completions.create(…)` gives it.
const response = {
  id: 'chatcmpl-BHxFl6vyoLfiLzKPVKqMgPsdFyEaw',
  object: 'chat.completion',
  model: 'gpt-4o-2024-08-06',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Have you tried …' }, finish_reason: 'stop' }],
  usage: {
    prompt_tokens: 1155,
    completion_tokens: 211,
    total_tokens: 1366,
    prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  },
};

// The response's own id is the event's: however often this is sent, it counts once. What was said stays with you.
const sent = await fetch(`${WEIR}/v1/events`, {
  method: 'POST',
  headers,
  body: JSON.stringify({
    id: response.id,
    type: 'llm.request',
    customer: 'acme',
    data: { provider: 'openai', model: response.model, usage: response.usage },
  }),
});
if (!sent.ok) throw new Error(await sent.text());

const { cost } = await (await fetch(`${WEIR}/v1/events/${response.id}`, { headers })).json();
for (const { unit, quantity, unitPrice, amount } of cost.breakdown) {
  console.log(`${unit}: ${quantity} × ${unitPrice} = ${amount}`);
}
console.log(`cost: ${cost.amount}`);
