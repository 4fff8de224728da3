/** Who asks: one customer whose cap everybody wants, or ten thousand who are strangers to each other. */
export type Crowd = 'hot' | 'spread';

export const CUSTOMERS: Readonly<Record<Crowd, number>> = { hot: 1, spread: 10_000 };

/** What each hold asks for and what it then came to, in the organisation's currency. */
export const HELD = '0.0100';
export const SETTLED = '0.0085';
/** What a customer may spend: enough for every round, so that what is measured is admission and not refusal. */
export const LIMIT = '1000000';

export function customerKey(number: number): string {
  return `customer-${String(number).padStart(5, '0')}`;
}

/** A prime beyond every count of customers, so that its multiples visit them all in an order that looks random. */
const STRIDE = 7_919;

/** The body of the hold of a number; `run` keeps the keys of one round apart from those of the next. */
export function holdBody(crowd: Crowd, run: string, number: number): string {
  const customer = customerKey((number * STRIDE) % CUSTOMERS[crowd]);
  return (
    `{"key":"${run}-${number}","customer":"${customer}","feature":"write-code","agent":"planner",` +
    `"session":"session-${number >>> 3}","estimate":{"amount":"${HELD}"}}`
  );
}

export const SETTLE_BODY = `{"amount":"${SETTLED}"}`;
