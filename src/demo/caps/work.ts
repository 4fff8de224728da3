/** One step of the agent: a request to its model, and the call of a tool that the model asked for. */
export interface WorkStep {
  readonly what: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly tool: { readonly name: string; readonly arguments: object; readonly result: unknown };
}

export const PROVIDER = 'openai';
export const MODEL = 'gpt-4o';
/** Longest answer the agent lets its model give. */
export const MAX_TOKENS = 4_000;
export const CUSTOMER = 'acme';
export const AGENT = 'travel-desk';
export const TASK_CLASS = 'rebooking';
/** "Never more than $100": of the customer and month; and of one session before somebody has looked. */
export const MONTH_LIMIT = '100';
export const SESSION_LIMIT = '1';
export const RAISED_LIMIT = '2';

const FLIGHTS = ['LH454', 'UA900', 'LH430', 'UA926', 'LX38', 'BA285'];

/** What the agent does before it gets stuck: each call is another one. */
export const GOOD_STEPS: readonly WorkStep[] = [
  step('reads the booking', 14_000, 350, 'get_booking', { booking: 'ZK4F9Q' }, { flight: 'LH454', passengers: 2 }),
  step('reads the rules of the fare', 16_500, 420, 'get_fare_rules', { fare: 'ECO_FLEX' }, { fee: '75.00' }),
  step('asks for the weather', 17_200, 310, 'get_weather', { airport: 'FRA' }, { wind: 'storm' }),
];

/** Where it gets stuck: the search answers the same, and the model asks again. */
export const STUCK_STEP: WorkStep = step(
  'searches for flights',
  18_400,
  380,
  'search_flights',
  { from: 'FRA', to: 'SFO', date: '2026-11-31' },
  { error: 'no such date' },
);

/** What it does once somebody has put the date right: as many different calls as the flights there are. */
export const BETTER_STEPS: readonly WorkStep[] = [
  step(
    'searches for flights',
    18_800,
    390,
    'search_flights',
    { from: 'FRA', to: 'SFO', date: '2026-12-01' },
    { flights: FLIGHTS },
  ),
  ...FLIGHTS.flatMap((flight) => [
    step(`asks for seats on ${flight}`, 24_000, 420, 'get_seats', { flight }, { free: flight.length + 2 }),
    step(`asks for the fare of ${flight}`, 26_000, 460, 'get_fare', { flight }, { fare: '812.00' }),
  ]),
  step('books the flight', 30_000, 700, 'rebook', { booking: 'ZK4F9Q', flight: 'LX38' }, { booked: true }),
  step('writes to the traveller', 31_000, 900, 'send_message', { to: 'traveller' }, { sent: true }),
];

function step(
  what: string,
  inputTokens: number,
  outputTokens: number,
  name: string,
  callArguments: object,
  result: unknown,
): WorkStep {
  return { what, inputTokens, outputTokens, tool: { name, arguments: callArguments, result } };
}
