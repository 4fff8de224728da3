import { AMOUNTS, key, LONG, type Row, text } from './wrong-bodies';

const FUTURE = '2099-01-01T00:00:00Z';
const CAP = { key: 'c', scope: { customer: 'acme' }, measure: 'cost', period: 'month', kind: 'hard', limit: '10' };
const RAISE = { limit: '200', until: FUTURE, approvedBy: 'kim', reason: 'A demonstration' };
const HOLD = { customer: 'acme', estimate: { amount: '0.1' } };
const WALLET = { key: 'w', customer: 'acme', currency: 'EUR' };
const UNITS = { key: 'w', customer: 'acme', unit: 'credits', soldIn: 'USD', burns: { meter: '0.001' } };
const TOP_UP = { on: 'threshold', below: '1', amount: '10', paid: true };
const GRANT = { kind: 'bought', amount: '10' };
const SALE = { amount: '10', paid: true };
const THING = { id: 'of-hold', type: 'llm.request', customer: 'acme' };

const named = (value: unknown) => (value === undefined ? 'missing' : JSON.stringify(value));
/** What an amount of money can't be, which isn't below `least`. */
const amounts = (field: string, bodyOf: (amount: unknown) => unknown, code: string, ...others: unknown[]): Row[] =>
  [...AMOUNTS, '-1', '-0.000000000001', 1e21, 0.1 + 0.2, ...others].map((amount) => [
    `${field} is ${named(amount)}`,
    bodyOf(amount),
    code,
    field,
  ]);
const said = (rows: Row[], isSaid: (body: never) => boolean) => rows.filter(([, body]) => isSaid(body as never));

/** Names that a hold may have; null says nothing. */
const holdText = (field: string, bodyOf: (value: unknown) => unknown): Row[] =>
  [1, ['a'], {}, true, '', 'a\0b', 'a\ud800', LONG].map((value) => [
    `${field} is ${named(value).slice(0, 40)}`,
    bodyOf(value),
    'invalid_hold',
    field,
  ]);
/** Of a null nothing is said, so that something else is missing. */
const holdAmount = (field: string, bodyOf: (amount: unknown) => unknown): Row[] =>
  amounts(field, bodyOf, 'invalid_hold').filter(([because]) => !because.endsWith(' is null'));

const SAID_WRONG = (bodyOf: (estimate: object) => unknown, path: string): Row[] => [
  ...['amount', 'cost', 'spend', 'actions'].flatMap((field) =>
    holdAmount(`${path}${field}`, (amount) => bodyOf({ [field]: amount })),
  ),
  ...['inputTokens', 'outputTokens', 'maxTokens'].flatMap((field) =>
    holdAmount(`${path}${field}`, (amount) => bodyOf({ model: 'gpt-4o', [field]: amount })),
  ),
  ...holdAmount(`${path}units.meter`, (amount) => bodyOf({ units: { meter: amount } })),
  ...holdText(`${path}model`, (model) => bodyOf({ model, inputTokens: '1' })),
  ...['units are a list', 'units are none', 'units are text'].map((because, index): Row => [
    because,
    bodyOf({ units: [['meter', '1'], {}, 'meter'][index] }),
    'invalid_hold',
    `${path}units`,
  ]),
  ['units of nothing there is', bodyOf({ units: { nothing: '1' } }), 'invalid_hold', `units.nothing`],
  ['units of a prototype', bodyOf({ units: { constructor: '1' } }), 'invalid_hold', `units.constructor`],
  ['a meter of null', bodyOf({ units: { meter: null } }), 'invalid_hold', `${path}units.meter`],
  ['an unknown field', bodyOf({ amount: '1', price: '1' }), 'invalid_hold', `${path}price`],
  ['an amount and a cost', bodyOf({ amount: '1', cost: '1' }), 'invalid_hold', `${path}amount`],
  ['an amount and tokens', bodyOf({ amount: '1', maxTokens: '1' }), 'invalid_hold', `${path}inputTokens`],
  ['tokens of no model', bodyOf({ inputTokens: '1' }), 'invalid_hold', `${path}model`],
  [
    'output and the most of it',
    bodyOf({ model: 'm', outputTokens: '1', maxTokens: '1' }),
    'invalid_hold',
    `${path}maxTokens`,
  ],
  ...['usd', 'US', 'dollars', '', 1, 'ZZZ', 'XYZ'].map((currency): Row => [
    `the currency ${named(currency)}`,
    bodyOf({ spend: '1', currency }),
    'invalid_hold',
    `${path}currency`,
  ]),
];

const TTLS = (bodyOf: (ttl: unknown) => unknown): Row[] => [
  ...[
    '',
    '0s',
    '-1m',
    '999ms',
    '10',
    '1e3s',
    '1.5m',
    '10 m',
    'ten',
    '1y',
    '999999999999999d',
    600,
    true,
    {},
    ['1m'],
  ].map((ttl): Row => [`a ttl of ${named(ttl)}`, bodyOf(ttl), 'invalid_hold', 'ttl']),
  ...['86401s', '25h', '2d', '999999999999d'].map((ttl): Row => [
    `a ttl of ${ttl}, beyond what is set`,
    bodyOf(ttl),
    'ttl_too_long',
    'ttl',
  ]),
];

const grantTerms = (base: object, code: string): Row[] => [
  ...[-1, 1.5, 1_001, '100', null].map((priority): Row => [
    `a priority of ${named(priority)}`,
    { ...base, priority },
    'invalid_request',
    'priority',
  ]),
  ['no feature', { ...base, features: [] }, 'invalid_request', 'features'],
  ['features that are no list', { ...base, features: 'chat' }, 'invalid_request', 'features'],
  [
    '51 features',
    { ...base, features: Array.from({ length: 51 }, (_, at) => `f${at}`) },
    'invalid_request',
    'features',
  ],
  ['a feature of NUL', { ...base, features: ['a\0'] }, 'invalid_request', 'features[0]'],
  ['a rollover of nothing', { ...base, rolloverLimit: '0' }, 'invalid_request', 'rolloverLimit'],
  ['a rollover of what never expires', { ...base, rolloverLimit: '1' }, code, 'rolloverLimit'],
  ['an empty reference', { ...base, reference: '' }, 'invalid_request', 'reference'],
  ['a reference of 101 letters', { ...base, reference: 'x'.repeat(101) }, 'invalid_request', 'reference'],
  ['a reference of NUL', { ...base, reference: '\0' }, 'invalid_request', 'reference'],
  ['an unknown field', { ...base, gift: true }, 'invalid_request', 'gift'],
];

const automatic = (base: object): Row[] => [
  ['a top-up of text', { ...base, topUp: 'always' }, 'invalid_request', 'topUp'],
  ['a top-up of nothing', { ...base, topUp: {} }, 'invalid_request', 'topUp.on'],
  ['a top-up of an unknown kind', { ...base, topUp: { ...TOP_UP, on: 'whim' } }, 'invalid_request', 'topUp.on'],
  ['a top-up with an unknown field', { ...base, topUp: { ...TOP_UP, card: '4242' } }, 'invalid_request', 'topUp.card'],
  [
    'a threshold that isn’t said',
    { ...base, topUp: { ...TOP_UP, below: undefined } },
    'invalid_request',
    'topUp.below',
  ],
  [
    'a schedule of no length',
    { ...base, topUp: { on: 'schedule', amount: '10', startsAt: FUTURE } },
    'invalid_request',
    'topUp.every',
  ],
  [
    'a schedule without a start',
    { ...base, topUp: { on: 'schedule', amount: '10', every: 'month' } },
    'invalid_request',
    'topUp.startsAt',
  ],
  ...amounts('topUp.amount', (amount) => ({ ...base, topUp: { ...TOP_UP, amount } }), 'invalid_request', 0, '0'),
  ...said(
    amounts(
      'topUp.monthlyLimit',
      (limit) => ({ ...base, topUp: { ...TOP_UP, monthlyLimit: limit } }),
      'invalid_request',
    ),
    ({ topUp }: { topUp: { monthlyLimit: unknown } }) => topUp.monthlyLimit !== null,
  ),
  ['a price below zero', { ...base, topUp: { ...TOP_UP, price: '-1' } }, 'invalid_request', 'topUp.price'],
  ['a price in parts of a cent', { ...base, topUp: { ...TOP_UP, price: '9.999' } }, 'invalid_wallet', 'topUp.price'],
  ['parts of a cent that cost their face', { ...base, topUp: { ...TOP_UP, amount: '0.001' } }, 'invalid_wallet', 'topUp.price'], // prettier-ignore
  ['a price above its face', { ...base, topUp: { ...TOP_UP, price: '10.01' } }, 'invalid_wallet', 'topUp.price'],
  [
    'a rollover of what never expires',
    { ...base, topUp: { ...TOP_UP, rolloverLimit: '1' } },
    'invalid_wallet',
    'topUp.rolloverLimit',
  ],
];

const overdraft = (base: object): Row[] => [
  ...amounts('overdraftLimit', (limit) => ({ ...base, overdraftLimit: limit }), 'invalid_request'),
  ['whenEmpty is unknown', { ...base, whenEmpty: 'borrow' }, 'invalid_request', 'whenEmpty'],
];

const REASON = text('reason', {});
const kinds = (base: object): Row[] => [
  ['an unknown kind', { ...base, kind: 'warn' }, 'invalid_request', 'kind'],
  ['no kind', { ...base, kind: null }, 'invalid_request', 'kind'],
  ['a downgrade to nothing', { ...base, kind: { downgrade: [] } }, 'invalid_request', 'kind.downgrade'],
  ['a downgrade to text', { ...base, kind: { downgrade: 'm' } }, 'invalid_request', 'kind.downgrade'],
  ['a downgrade by name alone', { ...base, kind: 'downgrade' }, 'invalid_request', 'kind'],
  ...amounts('limit', (limit) => ({ ...base, limit }), 'invalid_request'),
  ['thresholds that are no list', { ...base, thresholds: '80' }, 'invalid_request', 'thresholds'],
  ['21 thresholds', { ...base, thresholds: Array.from({ length: 21 }, (_, at) => at + 1) }, 'invalid_request', 'thresholds'], // prettier-ignore
  ...['0', '-1', '1001', '1e1', 'half', null].map((share): Row => [
    `a threshold of ${named(share)}`,
    { ...base, thresholds: [share] },
    'invalid_request',
    'thresholds[0]',
  ]),
  ['a forecast of text', { ...base, forecast: 'yes' }, 'invalid_request', 'forecast'],
  ['an unknown field', { ...base, colour: 'red' }, 'invalid_request', 'colour'],
];

/** Wrong bodies of caps, holds, prepaid credit and loops. */
export const ENTITLEMENTS: Record<string, Row[]> = {
  'POST /v1/caps': [
    ...key(CAP),
    ...kinds(CAP),
    ['no limit', { ...CAP, limit: undefined }, 'invalid_request', 'limit'],
    ['a name of NUL', { ...CAP, name: '\0' }, 'invalid_request', 'name'],
    ['set by nobody there is', { ...CAP, setBy: 'us' }, 'invalid_request', 'setBy'],
    ['set by a customer nobody names', { ...CAP, setBy: 'customer', scope: {} }, 'invalid_cap', 'scope.customer'],
    ['a scope of text', { ...CAP, scope: 'acme' }, 'invalid_request', 'scope'],
    ['a scope of an unknown field', { ...CAP, scope: { team: 'a' } }, 'invalid_request', 'scope.team'],
    ['an agent of NUL', { ...CAP, scope: { agent: 'a\0' } }, 'invalid_request', 'scope.agent'],
    ['a session of 256 letters', { ...CAP, scope: { session: 'x'.repeat(256) } }, 'invalid_request', 'scope.session'],
    [
      'a subscription of another',
      { ...CAP, scope: { customer: 'none', subscription: 'one' } },
      'invalid_cap',
      'scope.subscription',
    ],
    ['each of text', { ...CAP, each: 'session' }, 'invalid_request', 'each'],
    ['each of an unknown field', { ...CAP, each: ['team'] }, 'invalid_request', 'each[0]'],
    ['each of what the scope names', { ...CAP, each: ['customer'] }, 'invalid_cap', 'each'],
    ['an unknown measure', { ...CAP, measure: 'tokens' }, 'invalid_request', 'measure'],
    ['no measure', { ...CAP, measure: undefined }, 'invalid_request', 'measure'],
    ['what is charged in no currency', { ...CAP, measure: 'spend' }, 'invalid_cap', 'currency'],
    ['a currency that is none', { ...CAP, measure: 'spend', currency: 'ZZZ' }, 'invalid_request', 'currency'],
    ['costs in another currency', { ...CAP, currency: 'EUR' }, 'invalid_cap', 'currency'],
    ['actions in a currency', { ...CAP, measure: 'actions', currency: 'USD' }, 'invalid_cap', 'currency'],
    ['units of no meter', { ...CAP, measure: 'units' }, 'invalid_cap', 'meter'],
    ['costs of a meter', { ...CAP, meter: 'meter' }, 'invalid_cap', 'meter'],
    ['units of what doesn’t add up', { ...CAP, measure: 'units', meter: 'largest' }, 'cap_meter_not_additive', 'meter'],
    ['an unknown period', { ...CAP, period: 'fortnight' }, 'invalid_request', 'period'],
    ['no period', { ...CAP, period: undefined }, 'invalid_request', 'period'],
    ['a rolling period by name alone', { ...CAP, period: 'rolling' }, 'invalid_request', 'period'],
    ...['59s', '0s', '-1h', '367d', '24', 'a day', '1.5h', ''].map((rolling): Row => [
      `a window of "${rolling}"`,
      { ...CAP, period: { rolling } },
      'invalid_cap',
      'period.rolling',
    ]),
    ['a window of a number', { ...CAP, period: { rolling: 24 } }, 'invalid_request', 'period.rolling'],
    [
      'billing periods of nobody’s',
      { ...CAP, period: 'billing_period' },
      'cap_needs_subscription',
      'scope.subscription',
    ],
  ],
  'PATCH /v1/caps/{cap}': [
    ...kinds({}),
    ['another key', { key: 'other' }, 'invalid_request', 'key'],
    ['another measure', { measure: 'spend' }, 'invalid_request', 'measure'],
    ['an empty name', { name: '' }, 'invalid_request', 'name'],
  ],
  'POST /v1/caps/{cap}/raise': [
    ...text('approvedBy', RAISE),
    ...text('reason', RAISE),
    ...amounts('limit', (limit) => ({ ...RAISE, limit }), 'invalid_request'),
    ['neither a limit nor by how much', { ...RAISE, limit: undefined }, 'invalid_cap', 'limit'],
    ['both', { ...RAISE, by: '1' }, 'invalid_cap', 'limit'],
    ['by less than nothing', { ...RAISE, limit: undefined, by: '-1' }, 'invalid_request', 'by'],
    ['by nothing', { ...RAISE, limit: undefined, by: '0' }, 'invalid_cap', 'by'],
    ['to what it is', { ...RAISE, limit: '100' }, 'invalid_cap', 'limit'],
    ['to less than it is', { ...RAISE, limit: '99.99' }, 'invalid_cap', 'limit'],
    ['until yesterday', { ...RAISE, until: '2020-01-01T00:00:00Z' }, 'invalid_cap', 'until'],
    ...[undefined, null, '2099-01-01', 'tomorrow', 4_070_908_800].map((until): Row => [
      `until ${named(until)}`,
      { ...RAISE, until },
      'invalid_request',
      'until',
    ]),
    ['an unknown field', { ...RAISE, note: 'x' }, 'invalid_request', 'note'],
  ],
  'PATCH /v1/entitlement-settings': [
    ...['Mars/Olympus', '', 'Europe/Berlin\0', '+25:00'].map((timeZone): Row => [
      `a time zone of ${named(timeZone)}`,
      { timeZone },
      'invalid_time_zone',
      'timeZone',
    ]),
    ...['defaultTtl', 'longestTtl'].flatMap((field) =>
      ['', '0s', '-1m', '8d', '999ms', '1500ms', '10', '1e3s', 600, null].map((ttl): Row => [
        `${field} is ${named(ttl)}`,
        { [field]: ttl },
        'invalid_request',
        field,
      ]),
    ),
    ['a default beyond the longest', { defaultTtl: '2d' }, 'invalid_settings', 'defaultTtl'],
    ['a longest below the default', { longestTtl: '1s' }, 'invalid_settings', 'defaultTtl'],
    ...amounts('sizingRisk', (sizingRisk) => ({ sizingRisk }), 'invalid_request', '0', '0.009', '0.51'),
    ...said(
      amounts('unknownPriceAmount', (unknownPriceAmount) => ({ unknownPriceAmount }), 'invalid_request', '0'),
      ({ unknownPriceAmount }: { unknownPriceAmount: unknown }) => unknownPriceAmount !== null,
    ),
    ...amounts('away.amount', (amount) => ({ away: { amount, holds: 1 } }), 'invalid_request', '0'),
    ...[0, -1, 1.5, 1_000_001, '5', null].map((holds): Row => [
      `${named(holds)} holds while away`,
      { away: { amount: '1', holds } },
      'invalid_request',
      'away.holds',
    ]),
    ['an unknown field', { mode: 'open' }, 'invalid_request', 'mode'],
  ],
  ...Object.fromEntries(
    ['pause', 'resume', 'stop'].map((step): [string, Row[]] => [
      `POST /v1/customers/{customer}/sessions/{session}/${step}`,
      [...REASON, ['an unknown field', { reason: 'r', until: FUTURE }, 'invalid_request', 'until']],
    ]),
  ),
  'POST /v1/holds': [
    ...SAID_WRONG((estimate) => ({ customer: 'acme', estimate }), 'estimate.'),
    ...TTLS((ttl) => ({ ...HOLD, ttl })),
    ...['customer', 'subscription', 'department', 'feature', 'agent', 'session', 'task', 'user', 'model', 'parent', 'taskClass', 'key'].flatMap((field) => holdText(field, (value) => ({ ...HOLD, [field]: value }))), // prettier-ignore
    ['nothing', undefined, 'invalid_hold', 'body'],
    ['a list', [HOLD], 'invalid_hold', 'body'],
    ['text', '"hold"', 'invalid_hold', 'body'],
    ['no customer', { estimate: HOLD.estimate }, 'invalid_hold', 'customer'],
    ['no estimate', { customer: 'acme' }, 'invalid_hold', 'estimate'],
    ['an estimate of null', { ...HOLD, estimate: null }, 'invalid_hold', 'estimate'],
    ['an estimate of text', { ...HOLD, estimate: '0.1' }, 'invalid_hold', 'estimate'],
    ['an estimate of nothing', { ...HOLD, estimate: {} }, 'invalid_hold', 'estimate'],
    ['an unknown field', { ...HOLD, amount: '1' }, 'invalid_hold', 'amount'],
    ['a key that is an id of ours', { ...HOLD, key: 'hld_00000000000000000000000000' }, 'invalid_hold', 'key'],
    ['a part of nothing', { ...HOLD, parent: 'nothing' }, 'invalid_hold', 'parent'],
    ['a part of an id there isn’t', { ...HOLD, parent: 'hld_00000000000000000000000000' }, 'invalid_hold', 'parent'],
    ['a part of another customer’s', { ...HOLD, customer: 'none', parent: 'hold' }, 'invalid_hold', 'parent'],
    ['no holds', { holds: [] }, 'invalid_hold', 'holds'],
    ['holds that are no list', { holds: HOLD }, 'invalid_hold', 'holds'],
    ['1,001 holds', { holds: Array.from({ length: 1_001 }, () => ({})) }, 'invalid_hold', 'holds'],
    ['holds and something beside them', { holds: [HOLD], ttl: '1m' }, 'invalid_hold', 'ttl'],
  ],
  'POST /v1/holds/{hold}/settle': [
    ...SAID_WRONG((said) => said, ''),
    ['a list', [], 'invalid_hold', 'body'],
    ['a currency and no amount', { currency: 'USD' }, 'invalid_hold', 'body'],
    ['partial in words', { amount: '1', partial: 'yes' }, 'invalid_hold', 'partial'],
    ['no events', { events: [] }, 'invalid_hold', 'events'],
    ['events that are no list', { events: THING }, 'invalid_hold', 'events'],
    ['events of null', { events: null }, 'invalid_hold', 'events'],
    ['1,001 events', { events: Array.from({ length: 1_001 }, () => 1) }, 'invalid_hold', 'events'],
    ['events and an amount', { events: [THING], amount: '1' }, 'invalid_hold', 'amount'],
    ['an event of text', { events: ['a'] }, 'invalid_event', undefined],
    ['an event of nobody', { events: [{ ...THING, customer: 'nobody' }] }, 'unknown_customer', 'events[0].customer'],
    ['one event that is wrong, of two', { events: [THING, { ...THING, id: '' }] }, 'invalid_event', 'events[1].id'],
  ],
  'POST /v1/holds/{hold}/extend': [
    ...SAID_WRONG((said) => said, ''),
    ...TTLS((ttl) => ({ ttl })),
    ['nothing', {}, 'invalid_hold', 'body'],
    ['no body', undefined, 'invalid_hold', 'body'],
    ['a key', { amount: '1', key: 'k' }, 'invalid_hold', 'key'],
  ],
  'POST /v1/holds/{hold}/release': [
    ['an amount', { amount: '1' }, 'invalid_hold', 'amount'],
    ['a list', [], 'invalid_hold', 'body'],
    ['text', '"all"', 'invalid_hold', 'body'],
  ],
  'POST /v1/wallets': [
    ...key(WALLET),
    ...text('customer', WALLET).filter(([because]) => !because.endsWith('a line break')),
    ...overdraft(WALLET),
    ...automatic(WALLET),
    ['a name of NUL', { ...WALLET, name: '\0' }, 'invalid_request', 'name'],
    ['neither a currency nor a unit', { ...WALLET, currency: undefined }, 'invalid_request', 'currency'],
    ['both', { ...UNITS, currency: 'USD' }, 'invalid_request', 'currency'],
    ...['ZZZ', 'usd', 'dollars', '', null, 1].map((currency): Row => [
      `the currency ${named(currency)}`,
      { ...WALLET, currency },
      'invalid_request',
      'currency',
    ]),
    ['units sold in nothing', { ...UNITS, soldIn: undefined }, 'invalid_request', 'soldIn'],
    ['units sold in no currency', { ...UNITS, soldIn: 'ZZZ' }, 'invalid_request', 'soldIn'],
    ['money that is sold', { ...WALLET, soldIn: 'USD' }, 'invalid_request', 'soldIn'],
    ['units that nothing burns', { ...UNITS, burns: {} }, 'invalid_request', 'burns'],
    ['units and no word of burning', { ...UNITS, burns: undefined }, 'invalid_request', 'burns'],
    ['money burned by a table', { ...WALLET, burns: { meter: '1' } }, 'invalid_request', 'burns'],
    ['burns of a list', { ...UNITS, burns: ['meter'] }, 'invalid_request', 'burns'],
    ...amounts('burns.meter', (burned) => ({ ...UNITS, burns: { meter: burned } }), 'invalid_request', '0'),
    [
      'burns of what doesn’t add up',
      { ...UNITS, burns: { largest: '1' } },
      'wallet_meter_not_additive',
      'burns.largest',
    ],
    ['top-ups of units at no price', { ...UNITS, topUp: TOP_UP }, 'invalid_request', 'topUp.price'],
    ['an unknown field', { ...WALLET, balance: '100' }, 'invalid_request', 'balance'],
  ],
  'PATCH /v1/wallets/{wallet}': [
    ...overdraft({}),
    ...automatic({}),
    ['another currency', { currency: 'EUR' }, 'invalid_request', 'currency'],
    ['an empty name', { name: '' }, 'invalid_request', 'name'],
    ['burns of nothing', { burns: {} }, 'invalid_request', 'burns'],
    ['money burned by a table', { burns: { meter: '1' } }, 'invalid_wallet', 'burns'],
  ],
  'POST /v1/wallets/{wallet}/grants': [
    ...grantTerms(GRANT, 'invalid_grant'),
    ['an unknown kind', { ...GRANT, kind: 'found' }, 'invalid_request', 'kind'],
    ['no kind', { amount: '10' }, 'invalid_request', 'kind'],
    ['no amount', { kind: 'bought' }, 'invalid_request', 'amount'],
    ...amounts('amount', (amount) => ({ ...GRANT, amount }), 'invalid_request', '0', 0, '-0'),
    ['paid less than nothing', { ...GRANT, paid: '-1' }, 'invalid_request', 'paid'],
    ['paid in parts of a cent', { ...GRANT, paid: '9.999' }, 'invalid_grant', 'paid'],
    ['bought for more than its face', { ...GRANT, paid: '10.01' }, 'invalid_grant', 'paid'],
    ['a gift that was paid', { kind: 'promotional', amount: '1', paid: '1' }, 'invalid_grant', 'paid'],
    ['expired already', { ...GRANT, expiresAt: '2020-01-01T00:00:00Z' }, 'invalid_grant', 'expiresAt'],
    ['expired before it starts', { ...GRANT, startsAt: FUTURE, expiresAt: FUTURE }, 'invalid_grant', 'expiresAt'],
    ['an expiry of a day', { ...GRANT, expiresAt: '2099-01-01' }, 'invalid_request', 'expiresAt'],
    ['a reason of NUL', { ...GRANT, reason: '\0' }, 'invalid_request', 'reason'],
  ],
  'POST /v1/wallets/{wallet}/top-ups': [
    ...grantTerms(SALE, 'invalid_top_up'),
    ['no amount', { paid: true }, 'invalid_request', 'amount'],
    ...amounts('amount', (amount) => ({ ...SALE, amount }), 'invalid_request', '0', 0, '-0'),
    ['a price below zero', { ...SALE, price: '-1' }, 'invalid_request', 'price'],
    ['a price in parts of a cent', { ...SALE, price: '9.999' }, 'invalid_top_up', 'price'],
    ['parts of a cent that cost their face', { ...SALE, amount: '0.001' }, 'invalid_top_up', 'price'],
    ['a price above its face', { ...SALE, price: '10.01' }, 'invalid_top_up', 'price'],
    ['paid in words', { ...SALE, paid: 'yes' }, 'invalid_request', 'paid'],
    ...[0, -1, 1.5, 3_651, '30'].map((days): Row => [
      `an expiry after ${named(days)} days`,
      { ...SALE, expiresAfterDays: days },
      'invalid_request',
      'expiresAfterDays',
    ]),
  ],
  'PUT /v1/loop-rules/{taskClass}': [
    ['a list', [], 'invalid_request', 'body'],
    ['an unknown kind', { circles: { inARow: 3 } }, 'invalid_request', 'circles'],
    ...['repeat', 'pingPong', 'noProgress', 'rate', 'depth'].flatMap((kind): Row[] => [
      [`${kind} is true`, { [kind]: true }, 'invalid_request', kind],
      [`${kind} with an unknown field`, { [kind]: { often: 1 } }, 'invalid_request', `${kind}.often`],
      [`${kind} with an unknown action`, { [kind]: { action: 'delete' } }, 'invalid_request', `${kind}.action`],
    ]),
    ...([
      ['repeat', 'inARow', 1], ['repeat', 'inARow', '3'], ['repeat', 'failedInARow', 0], ['repeat', 'inAll', 2.5],
      ['repeat', 'withinSeconds', 0], ['pingPong', 'rounds', 1], ['pingPong', 'rounds', 1e9], ['pingPong', 'withinSeconds', -1],
      ['noProgress', 'calls', 0], ['noProgress', 'cost', '-1'], ['noProgress', 'cost', '1e3'], ['noProgress', 'countUnknown', 1],
      ['rate', 'times', '0.5'], ['rate', 'times', '1000001'], ['rate', 'minutes', 0], ['rate', 'cost', '-0.01'],
      ['rate', 'leastSessions', 201], ['depth', 'deepest', 0], ['depth', 'deepest', null],
    ] as const).map(([kind, field, value]): Row => [
      `${kind}.${field} is ${named(value)}`,
      { [kind]: { [field]: value } },
      'invalid_request',
      `${kind}.${field}`,
    ]), // prettier-ignore
    ['polling that is no list', { polling: { tool: 'status' } }, 'invalid_request', 'polling'],
    ...[undefined, '', 1, 'a\0', 'a\ud800', LONG].map((tool): Row => [
      `polling of ${named(tool).slice(0, 30)}`,
      { polling: [{ tool }] },
      'invalid_request',
      'polling[0].tool',
    ]),
    ...[0, -1, 0.5, '6'].map((perMinute): Row => [
      `polling ${named(perMinute)} times a minute`,
      { polling: [{ tool: 'status', perMinute }] },
      'invalid_request',
      'polling[0].perMinute',
    ]),
  ],
  'POST /v1/loop-findings/{finding}/resolve': [
    ...REASON.slice(1),
    ['an unknown field', { state: 'resolved' }, 'invalid_request', 'state'],
  ],
};
