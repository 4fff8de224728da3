import type { PlanDocument } from './plan-document.schema';

/** A file of plans to start from: complete with meters, so that it can be applied as it is. */
export interface PlanTemplate {
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly document: PlanDocument;
}

/** Cost plus a margin: what a model costs us is known for every call, and the customer pays a share on top. */
const MARGIN: PlanTemplate = {
  key: 'margin',
  name: 'Cost plus a margin',
  description:
    'For products that pass the use of models on. Each call is charged what it cost plus a margin; open models have another one, and ' +
    'a month is never below 10.00. Whatever the provider’s prices do, the margin stays.',
  document: {
    features: [{ key: 'models', name: 'Models', description: 'Calls of language models.' }],
    meters: [
      {
        key: 'model_calls',
        name: 'Model calls',
        eventType: 'llm.request',
        aggregation: 'count',
        groupBy: ['provider', 'model'],
      },
    ],
    plans: [
      {
        key: 'margin',
        name: 'Pay as you go',
        currency: 'USD',
        interval: 'month',
        prices: [
          {
            key: 'models',
            name: 'Model usage',
            meter: 'model_calls',
            charge: {
              model: 'consumption_margin',
              grossMarginPercent: '30',
              byDimension: {
                dimensions: ['provider'],
                rules: [{ match: { provider: 'mistral' }, markupPercent: '20' }],
              },
            },
            feature: 'models',
          },
        ],
        minimum: '10',
      },
    ],
  },
};

/** Pay for what worked: an agent's tasks are charged when they succeed and stay so, never below what they cost. */
const OUTCOME: PlanTemplate = {
  key: 'outcome',
  name: 'Pay for outcomes',
  description:
    'For agents that finish tasks. A resolved ticket is charged once, three days after it was resolved and only if it wasn’t reopened; ' +
    'one reopened within 30 days of that is credited. The charge is never below 1.1 times what the work cost.',
  document: {
    features: [{ key: 'agent', name: 'Support agent', description: 'Answers tickets by itself.' }],
    meters: [
      // Counts attempts of every verdict: failures and reversals have to be seen, too.
      { key: 'agent_attempts', name: 'Attempts of the agent', eventType: 'agent.attempt', aggregation: 'count' },
    ],
    plans: [
      {
        key: 'outcome',
        name: 'Pay for what is solved',
        currency: 'USD',
        interval: 'month',
        prices: [
          { key: 'base', name: 'Platform fee', charge: { model: 'flat', amount: '99' } },
          {
            key: 'outcomes',
            name: 'Solved tickets',
            meter: 'agent_attempts',
            charge: {
              model: 'outcome',
              typeField: 'data.outcome',
              prices: [
                { type: 'resolved', unitPrice: '0.99' },
                { type: 'escalated', unitPrice: '0.25' },
              ],
              success: [
                { field: 'data.success', equals: true },
                { field: 'data.score', atLeast: '0.8' },
              ],
              taskField: 'task',
              window: 'period',
              confirmationHours: 72,
              disputeHours: 720,
              reversal: { field: 'data.reopened', operator: 'equals', value: true },
              costFloor: { factor: '1.1' },
            },
            feature: 'agent',
          },
        ],
      },
    ],
  },
};

/** Seats and credits: a fee for each seat, credits that all models draw on, and more of them by the credit. */
const HYBRID: PlanTemplate = {
  key: 'hybrid',
  name: 'Seats and credits',
  description:
    'For products with users and models. Seats by the month, 10,000 credits that small and large models draw on by their weight, and further ' +
    'credits at a cent each. A quarter of the credits rolls over; the first 14 days have no base fees. In dollars and euros.',
  document: {
    features: [
      { key: 'seats', name: 'Seats' },
      { key: 'models', name: 'Models', description: 'Calls of language models.' },
    ],
    meters: [
      {
        key: 'small_model_tokens',
        name: 'Tokens written by small models',
        eventType: 'llm.request',
        aggregation: 'sum',
        value: 'usage.output_tokens',
        filters: [{ field: 'data.class', operator: 'equals', value: 'small' }],
      },
      {
        key: 'large_model_tokens',
        name: 'Tokens written by large models',
        eventType: 'llm.request',
        aggregation: 'sum',
        value: 'usage.output_tokens',
        filters: [{ field: 'data.class', operator: 'equals', value: 'large' }],
      },
    ],
    plans: [
      {
        key: 'hybrid',
        name: 'Team',
        currency: 'USD',
        interval: 'month',
        prices: [
          { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '49' } },
          {
            key: 'seats',
            name: 'Seats',
            charge: {
              model: 'recurring',
              tiers: [
                { upTo: '5', unitPrice: '15' },
                { upTo: null, unitPrice: '12' },
              ],
              tierMode: 'graduated',
              quantity: '1',
              proration: 'time',
            },
            feature: 'seats',
          },
          {
            key: 'small_models',
            name: 'Small models',
            meter: 'small_model_tokens',
            charge: { model: 'unit', unitPrice: '0.0001' },
            feature: 'models',
            pool: { key: 'credits', weight: '0.0001' },
            pricingUnit: 'credit',
          },
          {
            key: 'large_models',
            name: 'Large models',
            meter: 'large_model_tokens',
            charge: { model: 'unit', unitPrice: '0.002' },
            feature: 'models',
            pool: { key: 'credits', weight: '0.002' },
            pricingUnit: 'credit',
          },
        ],
        pools: [
          {
            key: 'credits',
            name: 'Credits',
            amount: '10000',
            unit: 'credits',
            rollover: { limit: '2500', expiresAfterPeriods: 1 },
          },
        ],
        pricingUnits: [{ key: 'credit', name: 'Credit', rate: '0.01' }],
        trial: { days: 14, covers: 'base_fee' },
        features: [
          { feature: 'models', value: true },
          { feature: 'seats', value: 50 },
        ],
        currencies: {
          EUR: {
            prices: {
              base: { charge: { model: 'flat', amount: '45' } },
              seats: {
                charge: {
                  model: 'recurring',
                  tiers: [
                    { upTo: '5', unitPrice: '14' },
                    { upTo: null, unitPrice: '11' },
                  ],
                  tierMode: 'graduated',
                  quantity: '1',
                  proration: 'time',
                },
              },
            },
            pricingUnits: [{ key: 'credit', name: 'Credit', rate: '0.009' }],
          },
        },
      },
    ],
  },
};

/** One for each way to charge for AI, from the simplest on. */
export const PLAN_TEMPLATES: readonly PlanTemplate[] = [MARGIN, OUTCOME, HYBRID];
