// An application that sends its usage with OpenMeter's client, pointed at Weir: only `baseUrl` and `apiKey` change.
//
//   npm i @openmeter/sdk
//   WEIR=http://127.0.0.1:8787 KEY=weir_… node examples/openmeter.mjs
import { OpenMeter } from '@openmeter/sdk';

const { WEIR = 'http://127.0.0.1:8787', KEY } = process.env;
const openmeter = new OpenMeter({ baseUrl: WEIR, apiKey: KEY });

const event = {
  source: 'support-desk',
  id: 'ticket-4711-answer-1',
  type: 'llm.request',
  subject: 'acme',
  data: { provider: 'openai', model: 'gpt-4o', input_tokens: 1155, output_tokens: 211 },
};
await openmeter.events.ingest(event);
// A retry: Weir knows the event by its source and id, and counts it once.
await openmeter.events.ingest([event]);

// What OpenMeter's client has no word for, Weir's own API answers: what the request cost.
const answer = await fetch(`${WEIR}/v1/events/${event.id}?source=${event.source}`, {
  headers: { authorization: `Bearer ${KEY}` },
});
const { cost } = await answer.json();
console.log(`${event.id}: ${cost.amount} USD`);
