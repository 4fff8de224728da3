import type { Answer, TestServer } from '../support/server';

/** Sends batches until told to stop, each again under the same ids until it is answered, as a client of ours does. */
export interface Load {
  /** Ids of events that were answered as accepted or duplicate. */
  readonly acknowledged: Set<string>;
  /** Statuses that were answered other than 200, in order; 0 for a connection that broke. */
  readonly refusals: number[];
  /** Resolves once so many further events are acknowledged. */
  more(events: number): Promise<void>;
  /** Ends the load; every event that was ever sent is acknowledged then. */
  finish(): Promise<void>;
}

export interface LoadOptions {
  readonly customers: readonly string[];
  readonly connections?: number;
  readonly eventsARequest?: number;
  /** Makes ids of one load differ from another's. */
  readonly name?: string;
}

export type Post = (events: readonly object[]) => Promise<Pick<Answer, 'status' | 'body'>>;

export function postTo(server: Pick<TestServer, 'api'>): Post {
  return (events) => server.api('POST', '/v1/events', events);
}

const SOON_MS = 50;

export function startLoad(post: Post, options: LoadOptions): Load {
  const { customers, connections = 8, eventsARequest = 5, name = 'load' } = options;
  const acknowledged = new Set<string>();
  const refusals: number[] = [];
  const waiting: { at: number; wake: () => void }[] = [];
  let next = 0;
  let stopping = false;

  const connection = async (): Promise<void> => {
    while (!stopping) {
      const events = Array.from({ length: eventsARequest }, () => eventNumber(name, (next += 1), customers));
      for (;;) {
        const answer = await post(events).catch(() => ({ status: 0, body: undefined }));
        if (answer.status === 200) {
          for (const { id, status } of answer.body.results) if (status !== 'rejected') acknowledged.add(id);
          break;
        }
        refusals.push(answer.status);
        await new Promise((soon) => setTimeout(soon, SOON_MS));
      }
      for (const waiter of waiting) if (acknowledged.size >= waiter.at) waiter.wake();
    }
  };
  const running = Promise.all(Array.from({ length: connections }, connection));

  return {
    acknowledged,
    refusals,
    more: (events) =>
      new Promise((wake) => {
        waiting.push({ at: acknowledged.size + events, wake });
      }),
    finish: async () => {
      stopping = true;
      await running;
    },
  };
}

/** An event of a known content, so that a repeat of it is the same event. */
function eventNumber(name: string, index: number, customers: readonly string[]) {
  return {
    id: `${name}-${index}`,
    type: index % 7 === 0 ? 'task.outcome' : 'llm.request',
    customer: customers[index % customers.length]!,
    feature: ['chat', 'search', 'internal'][index % 3],
    agent: `agent-${index % 2}`,
    data:
      index % 7 === 0
        ? { success: index % 2 === 0 }
        : {
            provider: 'openai',
            model: index % 11 === 0 ? 'a-model-nobody-priced' : 'gpt-4o',
            input_tokens: (index * 37) % 4000,
            output_tokens: (index * 13) % 900,
            region: ['eu', 'us', 'ch'][index % 3],
          },
  };
}
