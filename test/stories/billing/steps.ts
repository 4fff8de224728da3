import { inWords } from './local-time';
import type { Action } from './story';
import { CUSTOMER, MAIN } from './world';

const path = (subscription: string, rest = ''): string => `/v1/subscriptions/${subscription}${rest}`;
const listed = (fields: object): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');

/** Subscribes to a plan; `startAt` in the customer's zone. */
export function subscribe(
  plan: string,
  more: { key?: string; startAt?: string; [field: string]: unknown } = {},
): Action {
  const { key = MAIN, startAt, ...rest } = more;
  const from = startAt === undefined ? '' : `, from ${inWords(startAt)} on`;
  const said = Object.keys(rest).length === 0 ? '' : ` (${listed(rest)})`;
  return {
    says: `subscribes to **${plan}**${from}${said}`,
    act: async (world) => {
      const start = startAt === undefined ? {} : { startAt: world.at(startAt) };
      await world.post('/v1/subscriptions', { key, customer: CUSTOMER, plan, ...start, ...rest });
    },
  };
}

/** Uses so much of a meter. `late` says when it was, where that isn't now. */
export function use(n: number | string, meter = 'calls', when?: string, id?: string): Action {
  const at = when === undefined ? '' : ` of ${inWords(when)}`;
  return {
    says: `${n} ${meter}${at}${id === undefined ? '' : ` (event ${id})`}`,
    act: async (world) => world.use(meter, n, when ?? world.stepAt, id),
  };
}

export function voidEvent(id: string): Action {
  return {
    says: `event ${id} is voided`,
    act: async (world) => world.post(`/v1/events/${id}/void`, { source: CUSTOMER, reason: 'A test' }),
  };
}

export function pay(number: string, amount: string): Action {
  return {
    says: `pays ${amount} of ${number}`,
    act: async (world) => {
      const payment = { amount, reference: `${number} ${world.stepAt}`, paidAt: world.at(world.stepAt) };
      await world.post(`/v1/invoices/${number}/payments`, payment);
    },
  };
}

/** An action on a subscription that has a route of its own. */
export function ask(
  says: string,
  rest: string,
  body: object | ((at: (local: string) => string) => object),
  key = MAIN,
): Action {
  return {
    says,
    act: async (world) => world.post(path(key, rest), typeof body === 'function' ? body(world.at) : body),
  };
}

interface When {
  /** `now` without it. */
  readonly at?: string;
  readonly invoice?: 'next' | 'now';
  readonly key?: string;
}

const NAMED_TIMES = ['now', 'period_end'];
const spoken = ({ at, invoice, key }: When): string =>
  (key === undefined || key === MAIN ? '' : ` of ${key}`) +
  (at === undefined || at === 'now' ? '' : at === 'period_end' ? ' with the next period' : ` on ${inWords(at)}`) +
  (invoice === 'now' ? ', billed at once' : '');

/** Another plan, other quantities or prices. */
export function change(what: { plan?: string; quantities?: object; prices?: object }, when: When = {}): Action {
  const { at, invoice, key = MAIN } = when;
  const { plan, quantities, prices } = what;
  const parts = [
    ...(plan === undefined ? [] : [`the plan to **${plan}**`]),
    ...Object.entries(quantities ?? {}).map(([price, quantity]) => `${price} to ${String(quantity)}`),
    ...Object.entries(prices ?? {}).map(([price, terms]) => `the terms of ${price} to ${plainlyOf(terms)}`),
  ];
  return {
    says: `changes ${parts.join(', ')}${spoken(when)}`,
    act: async (world) => {
      const time = at === undefined ? {} : { at: NAMED_TIMES.includes(at) ? at : world.at(at) };
      const body = { ...what, ...time, ...(invoice === undefined ? {} : { invoice }), reason: 'A story' };
      world.lastChange = (await world.post(path(key, '/changes'), body)).change;
    },
  };
}

const plainlyOf = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return String(value);
  const { charge, ...others } = value as { charge?: object; [term: string]: unknown };
  return charge === undefined ? listed(others) : [listed(charge), ...(Object.keys(others).length > 0 ? [listed(others)] : [])].join(', '); // prettier-ignore
};

/** Takes the newest change back. */
export const takeBack: Action = {
  says: 'takes that change back',
  act: async (world) => world.delete(path(MAIN, `/changes/${String(world.lastChange?.id)}`)),
};

export function schedule(phases: readonly (readonly [from: string, plan: string])[]): Action {
  return {
    says: `agrees on a ramp: ${phases.map(([from, plan]) => `**${plan}** from ${inWords(from)}`).join(', ')}`,
    act: async (world) => {
      const body = { phases: phases.map(([from, plan]) => ({ from: world.at(from), plan })), reason: 'A ramp' };
      await world.put(path(MAIN, '/schedule'), body);
    },
  };
}

export function pause(bills: 'nothing' | 'base_fee', until?: string): Action {
  return {
    says: `pauses${until === undefined ? '' : ` until ${inWords(until)}`}; the pause bills ${bills.replace('_', ' ')}`,
    act: async (world) => {
      const to = until === undefined ? {} : { until: world.at(until) };
      await world.post(path(MAIN, '/pause'), { bills, ...to, reason: 'A story' });
    },
  };
}

export const resume: Action = {
  says: 'resumes',
  act: async (world) => world.post(path(MAIN, '/resume')),
};

const SETTLED = {
  invoice: 'a last invoice',
  invoice_and_credit: 'a last invoice, and what is unused is credited',
  nothing: 'nothing more is billed',
};
export function cancel(settle: keyof typeof SETTLED, at = 'now'): Action {
  return {
    says: `cancels${spoken({ at }).replace('with the next period', 'to the end of the period')}: ${SETTLED[settle]}`,
    act: async (world) => {
      const time = NAMED_TIMES.includes(at) ? at : world.at(at);
      await world.post(path(MAIN, '/cancel'), { at: time, settle, reason: 'A story' });
    },
  };
}

export const undoCancel: Action = {
  says: 'doesn’t cancel after all',
  act: async (world) => world.post(path(MAIN, '/undo-cancel')),
};

export const reactivate = (plan?: string): Action => ({
  says: `comes back${plan === undefined ? '' : ` on **${plan}**`}`,
  act: async (world) => world.post(path(MAIN, '/reactivate'), plan === undefined ? {} : { plan }),
});

/** The clock moves; nothing else happens. */
export const wait: Action = { says: '', act: async () => undefined };

export const voidInvoice = (number: string): Action => ({
  says: `${number} is voided`,
  act: async (world) => world.post(`/v1/invoices/${number}/void`, { reason: 'A mistake' }),
});

export const giveUp = (number: string): Action => ({
  says: `${number} is given up as uncollectible`,
  act: async (world) => world.post(`/v1/invoices/${number}/mark-uncollectible`, { reason: 'Insolvent' }),
});

export const reissue = (number: string): Action => ({
  says: `${number} is voided and issued anew`,
  act: async (world) => world.post(`/v1/invoices/${number}/reissue`, { reason: 'A mistake' }),
});

export const finalize = (number = 'draft'): Action => ({
  says: `the ${number === 'draft' ? 'draft' : number} is finalized by hand`,
  act: async (world) => world.post(`/v1/invoices/${(await world.find(number)).id}/finalize`),
});

const NOTES = { invoice: 'off what is due', balance: 'as credit for later', refund: 'paid back' };
/** A credit note over lines by their positions, or over all that is left. */
export function creditNote(number: string, as: keyof typeof NOTES, amounts?: Readonly<Record<number, string>>): Action {
  const of = Object.entries(amounts ?? {}).map(([line, amount]) => `${amount} of line ${line}`);
  return {
    says: `a credit note for ${number}: ${of.length === 0 ? 'all of it' : of.join(', ')}, ${NOTES[as]}`,
    act: async (world) => {
      const { lines } = await world.find(number);
      const body = Object.entries(amounts ?? {}).map(([line, amount]) => ({
        line: lines[Number(line) - 1].id,
        amount,
      }));
      const some = amounts === undefined ? {} : { lines: body };
      await world.post(`/v1/invoices/${number}/credit-notes`, { as, reason: 'A story', ...some });
    },
  };
}

/** Something that joins the customer's next invoice. */
export const item = (description: string, quantity: string, unitAmount: string, currency = 'USD'): Action => ({
  says: `is to be charged for “${description}”, ${quantity} at ${unitAmount}, with the next invoice`,
  act: async (world) =>
    world.post(`/v1/customers/${CUSTOMER}/invoice-items`, { description, quantity, unitAmount, currency }),
});

export const oneOff = (description: string, quantity: string, unitAmount: string, currency = 'USD'): Action => ({
  says: `is invoiced for “${description}”, ${quantity} at ${unitAmount}, apart`,
  act: async (world) => {
    const lines = [{ description, quantity, unitAmount }];
    await world.post('/v1/invoices', { customer: CUSTOMER, currency, lines });
  },
});

/** A tax rate of the organisation, by percent, on top of prices unless told otherwise. */
export const taxRate = (name: string, percent: string, more: Readonly<Record<string, unknown>> = {}): Action => ({
  says: `a tax: ${name} of ${percent}%${Object.keys(more).length === 0 ? '' : ` (${listed(more)})`}`,
  act: async (world) => {
    const key = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    await world.post('/v1/tax-rates', { key, name, tax: key, percent, behaviour: 'exclusive', category: 'S', ...more });
  },
});

export const taxId = (id: string): Action => ({
  says: `the customer’s tax id is ${id}`,
  act: async (world) => world.patch(`/v1/customers/${CUSTOMER}`, { billing: { taxId: id } }),
});

/** How the customer stands towards taxes. */
export const taxStatus = (status: 'exempt' | 'reverse_charge' | 'taxed', more: object = {}): Action => ({
  says: `the customer’s tax status is ${status.replace('_', ' ')}`,
  act: async (world) => world.put(`/v1/customers/${CUSTOMER}/tax`, { status, ...more }),
});

/** Invoices wait for approval from now on. */
export const askForApproval: Action = {
  says: 'invoices wait for an approval from now on',
  act: async (world) => world.patch('/v1/invoice-settings', { approval: 'required' }),
};

export const approve = (number = 'draft'): Action => ({
  says: 'the draft is approved',
  act: async (world) => world.post(`/v1/invoices/${(await world.find(number)).id}/approve`),
});
