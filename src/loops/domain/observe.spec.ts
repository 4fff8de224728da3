import fc from 'fast-check';
import { Decimal, decimalText } from '../../kernel';
import type { Finding } from './finding';
import { acknowledge, observe } from './observe';
import { readStep } from './read-step';
import { type ClassProfile, DEFAULT_LOOP_RULES, type LoopRules } from './rules';
import { LARGEST_STATE, type LoopState, NO_STATE } from './state';
import type { Step } from './step';

const SECOND = 1_000_000;

interface Told {
  /** Seconds since the session began. */
  at: number;
  tool?: string;
  args?: unknown;
  result?: unknown;
  error?: boolean;
  model?: string;
  cost?: string | null;
  mark?: 'retry' | 'self_correction';
  turn?: string;
  ms?: number;
  progress?: boolean;
  depth?: number;
  task?: string;
  parent?: string;
}

function step({
  at,
  tool,
  args,
  result,
  error,
  model,
  cost = '0.10',
  mark,
  turn,
  ms,
  progress,
  depth,
  task,
  parent,
}: Told): Step {
  const data = { tool, model, arguments: args, result, error, turn, duration_ms: ms, progress, depth };
  return readStep({
    at: Math.round(at * SECOND),
    cost: cost === null ? null : new Decimal(cost),
    type: tool === undefined ? 'llm.request' : 'tool.call',
    step: mark ?? null,
    session: 's',
    task: task ?? null,
    parent: parent ?? null,
    data: Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined)),
  });
}

const search = (at: number, over: Partial<Told> = {}): Told => ({ at, tool: 'search', args: { q: 'x' }, result: 'none', ...over }); // prettier-ignore

interface Seen {
  /** Which step raised which kind, counting from 1: `4 repeat`. */
  told: string[];
  findings: Finding[];
  state: LoopState;
}

function watch(
  told: readonly Told[],
  rules: Partial<LoopRules> = {},
  profile: ClassProfile | null = null,
  from: LoopState = NO_STATE,
): Seen {
  const seen: Seen = { told: [], findings: [], state: from };
  for (const [index, one] of told.entries()) {
    const { state, findings } = observe(seen.state, step(one), { ...DEFAULT_LOOP_RULES, ...rules }, { profile, currency: 'EUR' }); // prettier-ignore
    seen.state = state;
    seen.findings.push(...findings);
    seen.told.push(...findings.map(({ kind }) => `${index + 1} ${kind}`));
  }
  return seen;
}

describe('identical calls', () => {
  it('are told at the fourth in a row, with what they cost', () => {
    const { told, findings } = watch([0, 10, 20, 30, 40, 50].map((at) => search(at)));
    expect(told).toEqual(['4 repeat']);
    const [finding] = findings;
    expect(finding).toMatchObject({ action: 'pause', at: 30 * SECOND, unpriced: 0 });
    expect(finding!.sentence).toBe(
      "'search' was called 4 times with the same arguments and the same result, the last 4 times with nothing new in between.",
    );
    // The first call was news; the three after it were not.
    expect(decimalText(finding!.wasted)).toBe('0.3');
    expect(finding!.calls).toMatchObject([{ name: 'search', count: 4, firstAt: 0, lastAt: 30 * SECOND }]);
    expect(decimalText(finding!.calls[0]!.cost)).toBe('0.3');
  });

  it('count what models cost in between as waste, and know their words for nothing new', () => {
    const loop = [0, 10, 20, 30].flatMap((at) => [{ at, model: 'm', cost: '2' }, search(at + 1, { cost: '0' })]);
    const { told, findings } = watch(loop);
    expect(told).toEqual(['8 repeat']);
    expect(decimalText(findings[0]!.wasted)).toBe('6');
  });

  it.each`
    because                                               | told             | calls
    ${'other arguments are another call'}                 | ${[]}            | ${[0, 1, 2, 3, 4].map((at) => search(at * 10, { args: { q: at } }))}
    ${'another result is news'}                           | ${[]}            | ${[0, 1, 2, 3, 4].map((at) => search(at * 10, { result: at }))}
    ${'the order of fields and white space mean nothing'} | ${['4 repeat']}  | ${['{"a":1,"b":2}', '{"b": 2, "a": 1}', { b: 2, a: 1 }, { a: 1, b: 2 }].map((args, at) => search(at * 10, { args }))}
    ${'without results, arguments decide'}                | ${['4 repeat']}  | ${[0, 1, 2, 3].map((at) => ({ at: at * 10, tool: 'search', args: {} }))}
    ${'without arguments nobody can say'}                 | ${[]}            | ${[0, 1, 2, 3, 4, 5].map((at) => ({ at: at * 10, tool: 'search' }))}
    ${'a failing call may be tried three times'}          | ${['3 repeat']}  | ${[0, 1, 2].map((at) => search(at * 10, { result: 'Error', error: true }))}
    ${'something new in between begins the row anew'}     | ${[]}            | ${[search(0), search(1), search(2), search(3, { args: 'new' }), search(4), search(5), search(6)]}
    ${'eight times in an hour are too many even so'}      | ${['15 repeat']} | ${[0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((at) => [search(at * 10), search(at * 10 + 5, { args: at })])}
    ${'once every twenty minutes is no loop'}             | ${[]}            | ${[0, 1, 2, 3, 4, 5].map((at) => search(at * 1_210))}
    ${'the same request to a model counts too'}           | ${['4 repeat']}  | ${[0, 1, 2, 3].map((at) => ({ at: at * 10, model: 'm', args: 'prompt' }))}
  `('$because', ({ calls, told }) => {
    expect(watch(calls).told).toEqual(told);
  });
});

it('identical calls are so although each request to a model is worded anew', () => {
  const loop = [0, 10, 20, 30].flatMap((at) => [{ at, model: 'm', args: `prompt ${at}` }, search(at + 1)]);
  expect(watch(loop).told).toEqual(['8 repeat']);
});

describe('parallel calls', () => {
  const twins = (over: (at: number, second: boolean) => Partial<Told>): Told[] =>
    [0, 60, 120].flatMap((at) => [search(at, over(at, false)), search(at, over(at, true))]);

  it.each`
    because                                          | calls
    ${'two at the same moment are one'}              | ${twins(() => ({}))}
    ${'two that name the same turn are one'}         | ${twins((at, second) => ({ at: at + (second ? 30 : 0), turn: `t${at}` }))}
    ${'two that overlap are one'}                    | ${twins((at, second) => ({ at: at + (second ? 9 : 5), ms: 4_500 }))}
    ${'two between two requests to a model are one'} | ${[0, 60, 120].flatMap((at) => [{ at, model: 'm' }, search(at + 1), search(at + 1.4)])}
  `('$because', ({ calls }) => {
    const { told, state } = watch(calls, { noProgress: null });
    expect(told).toEqual([]);
    expect(state.calls).toMatchObject([{ count: 3 }]);
  });

  it.each`
    because                                                 | step | calls
    ${'other turns are other moments, however near'}        | ${4} | ${[0, 1, 2, 3].map((at) => search(0, { turn: `t${at}` }))}
    ${'a retry is no twin'}                                 | ${4} | ${[0, 1, 2, 3].map((at) => search(at / 10, at > 0 ? { mark: 'retry' } : {}))}
    ${'one that began when the other was over is no twin'}  | ${4} | ${[0, 1, 2, 3].map((at) => search(at / 10, { ms: 90 }))}
    ${'a request to a model in between is an answer more'}  | ${8} | ${[0, 1, 2, 3].flatMap((at) => [{ at: at / 10, model: 'm' }, search(at / 10 + 0.05)])}
    ${'a fast loop that reports no models is still a loop'} | ${4} | ${[0, 1, 2, 3].map((at) => search(at / 100))}
  `('$because', ({ calls, step: at }) => {
    expect(watch(calls).told).toEqual([`${at} repeat`]);
  });
});

describe('ping-pong', () => {
  const a = (at: number): Told => ({ at, tool: 'open', args: 1, result: 'shut' });
  const b = (at: number): Told => ({ at, tool: 'close', args: 1, result: 'open' });

  it('is told at the third pair', () => {
    const { told, findings } = watch([a(0), b(10), a(20), b(30), a(40), b(50), a(60), b(70)]);
    expect(told[0]).toBe('6 ping_pong');
    expect(findings[0]!.sentence).toBe(
      "'open' and 'close' were called in turn 3 times, each with the same arguments, and nothing else in between.",
    );
    expect(decimalText(findings[0]!.wasted)).toBe('0.4');
    expect(findings[0]!.calls.map(({ name, count }) => [name, count])).toEqual(
      expect.arrayContaining([
        ['open', 3],
        ['close', 3],
      ]),
    );
  });

  it.each`
    because                               | calls
    ${'a third call breaks it'}           | ${[a(0), b(1), a(2), b(3), search(4), a(5), b(6)]}
    ${'results that differ are progress'} | ${[0, 1, 2, 3, 4, 5].map((at) => ({ at, tool: at % 2 ? 'read' : 'write', args: 1, result: at }))}
    ${'one a day is a habit'}             | ${[0, 1, 2, 3, 4, 5].map((at) => (at % 2 ? b : a)(at * 43_200))}
  `('$because', ({ calls }) => {
    expect(watch(calls, { repeat: null }).told).toEqual([]);
  });
});

describe('spending without progress', () => {
  const rules: Partial<LoopRules> = {
    repeat: null,
    noProgress: { calls: 3, cost: new Decimal('1'), countUnknown: false, action: 'tell' },
  };

  it('is told when both the calls and the money are reached', () => {
    // Three tools in a circle: first round news, second round none. 0.40 each, so 1.20 at the sixth.
    const circle = [0, 1, 2, 3, 4, 5, 6].map((at) => search(at, { args: at % 3, cost: '0.4' }));
    const { told, findings } = watch(circle, rules);
    expect(told).toEqual(['6 no_progress']);
    expect(findings[0]!.sentence).toBe('1.2 EUR was spent on 3 calls that brought nothing new.');
    expect(findings[0]!.calls.map(({ count }) => count)).toEqual([2, 2, 2]);
  });

  it.each`
    because                                              | told                 | calls
    ${'something new begins anew'}                       | ${[]}                | ${[0, 0, 0, 1, 1, 1, 2, 2, 2].map((args, at) => search(at, { args, cost: '0.4' }))}
    ${'so does an outcome that the sender states'}       | ${[]}                | ${[0, 1, 2, 3, 4, 5].map((at) => search(at, { cost: '0.4', progress: at % 2 === 0 }))}
    ${'or the lack of one'}                              | ${['3 no_progress']} | ${[0, 1, 2].map((at) => search(at, { args: at, cost: '0.4', progress: false }))}
    ${'the same failure is no news, whatever was asked'} | ${['4 no_progress']} | ${[0, 1, 2, 3].map((at) => search(at, { args: at, result: 'Error', error: true, cost: '0.4' }))}
    ${'retries are none by their name'}                  | ${['3 no_progress']} | ${[0, 1, 2].map((at) => ({ at, model: 'm', cost: '0.4', mark: 'retry' }))}
    ${'of plain requests to a model nobody can say'}     | ${[]}                | ${[0, 1, 2, 3, 4, 5, 6].map((at) => ({ at, model: 'm', cost: '0.4' }))}
    ${'a cost that is not known is no cost that counts'} | ${[]}                | ${[0, 1, 2, 3, 4, 5, 6].map((at) => search(at, { cost: null }))}
  `('$because', ({ calls, told }) => {
    expect(watch(calls, rules).told).toEqual(told);
  });

  it('puts steps that come late into their place', () => {
    const news = [search(0), search(100, { args: 'new' }), search(110)];
    const { idle } = watch(news).state;
    expect(idle).toMatchObject({ old: 1, cost: '0.1' });
    // From before the last new thing: neither spent in vain since then, nor a reason to begin anew.
    expect(watch([...news, search(50)]).state.idle).toEqual(idle);
    expect(watch([...news, search(50, { args: 'new too' })]).state.idle).toEqual(idle);
  });

  it('counts what nobody can say where the rule has it so', () => {
    const strict: Partial<LoopRules> = { noProgress: { calls: 3, cost: new Decimal(1), countUnknown: true, action: 'stop' } }; // prettier-ignore
    const chat = [0, 1, 2].map((at) => ({ at, model: 'm', cost: '0.4' }));
    expect(watch(chat, strict).told).toEqual(['3 no_progress']);
  });
});

describe('the rate of spend', () => {
  const profile: ClassProfile = { costPerMinute: new Decimal('0.10'), sessions: 20 };
  const spend = (costs: readonly string[]): Told[] => costs.map((cost, at) => ({ at: at * 60, model: 'm', cost }));

  it('is told when five minutes cost more than five times what the class spends', () => {
    // Five times 0.10 for five minutes is 2.50: reached at the fifth minute, passed at the sixth.
    const { told, findings } = watch(spend(['0.5', '0.5', '0.5', '0.5', '0.5', '0.51']), {}, profile);
    expect(told).toEqual(['6 rate']);
    expect(decimalText(findings[0]!.measured)).toBe('2.51');
    expect(decimalText(findings[0]!.limit)).toBe('2.5');
    expect(decimalText(findings[0]!.perMinute)).toBe('0.502');
    expect(findings[0]!.sentence).toBe(
      '2.51 EUR was spent within 5 minutes, more than 5 times what this task class spends: 0.1 EUR in a busy minute.',
    );
  });

  it('is not told without a profile, or with one of few sessions', () => {
    expect(watch(spend(['9', '9'])).told).toEqual([]);
    expect(watch(spend(['9', '9']), {}, { ...profile, sessions: 19 }).told).toEqual([]);
  });
});

describe('depth', () => {
  const chain = (levels: number): Told[] =>
    Array.from({ length: levels }, (_, at) => ({ at, model: 'm', cost: '0', task: `t${at}`, ...(at > 0 ? { parent: `t${at - 1}` } : {}) })); // prettier-ignore

  it('counts tasks under tasks', () => {
    expect(watch(chain(5)).told).toEqual([]);
    const { told, findings } = watch(chain(6));
    expect(told).toEqual(['6 depth']);
    expect(findings[0]!.sentence).toBe('Work runs 6 levels below the session; 5 are allowed.');
  });

  it('believes what an event says of itself', () => {
    expect(watch([{ at: 0, model: 'm', depth: 6 }]).told).toEqual(['1 depth']);
  });

  it('cuts parents that run in a ring', () => {
    const ring = [0, 1, 2, 3].map((at) => ({ at, model: 'm', task: `t${at % 2}`, parent: `t${(at + 1) % 2}` }));
    expect(watch(ring).state.depth).toBe(2);
  });

  it('stays known in a tree that grows wide', () => {
    const wide = Array.from({ length: 200 }, (_, at) => ({ at: at + 10, model: 'm', task: `w${at}`, parent: 't3' }));
    expect(watch([...chain(4), ...wide]).state.depth).toBe(5);
    const deeper = { at: 300, model: 'm', task: 'deeper', parent: 'w199' };
    expect(watch([...chain(4), ...wide, deeper]).state.depth).toBe(6);
  });
});

describe('polling', () => {
  const rules: Partial<LoopRules> = { polling: [{ tool: 'get_*', perMinute: 6 }] };
  const poll = (at: number): Told => ({ at, tool: 'get_status', args: { job: 1 }, result: 'running' });

  it('is fine as often as its rule says', () => {
    expect(
      watch(
        Array.from({ length: 50 }, (_, at) => poll(at * 10)),
        rules,
      ).told,
    ).toEqual([]);
  });

  it('is told when it is faster', () => {
    const { told, findings } = watch(
      Array.from({ length: 9 }, (_, at) => poll(at * 5)),
      rules,
    );
    expect(told).toEqual(['7 repeat']);
    expect(findings[0]!.sentence).toBe("'get_status' was asked the same 7 times within a minute; its rule allows 6.");
  });

  it('does not hide what lies between', () => {
    const between = [0, 10, 20, 30].flatMap((at) => [poll(at), search(at + 5)]);
    expect(watch(between, rules).told).toEqual(['8 repeat']);
  });
});

describe('what is told', () => {
  it('is told again when it has grown tenfold', () => {
    const { told } = watch(Array.from({ length: 45 }, (_, at) => search(at, { cost: '0' })));
    expect(told).toEqual(['4 repeat', '40 repeat']);
  });

  it('is told anew after it was acknowledged, for what happens from then on', () => {
    const first = watch([0, 1, 2, 3, 4].map((at) => search(at)));
    const again = watch([5, 6, 7, 8].map((at) => search(at)), {}, null, acknowledge(first.state)); // prettier-ignore
    expect(again.told).toEqual(['4 repeat']);
  });

  it('is not told a second time for a depth that was acknowledged', () => {
    const deep = watch([{ at: 0, model: 'm', depth: 6 }]);
    const from = acknowledge(deep.state, ['depth']);
    expect(watch([{ at: 1, model: 'm', depth: 6 }], {}, null, from).told).toEqual([]);
    expect(watch([{ at: 1, model: 'm', depth: 7 }], {}, null, from).told).toEqual(['1 depth']);
  });
});

describe('for all sessions', () => {
  const anyStep: fc.Arbitrary<Told> = fc.record(
    {
      at: fc.integer({ min: 0, max: 4_000 }),
      tool: fc.constantFrom('a', 'b', 'get_status', '\u{1F680}'.repeat(60)),
      args: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.string()),
      result: fc.integer({ min: 0, max: 2 }),
      error: fc.boolean(),
      model: fc.constantFrom('m', 'n'),
      cost: fc.option(fc.constantFrom('0', '0.000000000001', '3.5', '999999999999999.999999999999')),
      mark: fc.constantFrom('retry' as const, 'self_correction' as const),
      turn: fc.constantFrom('t1', 't2'),
      ms: fc.integer({ min: 0, max: 90_000 }),
      progress: fc.boolean(),
      depth: fc.integer({ min: 0, max: 9 }),
      task: fc.string({ minLength: 1 }),
      parent: fc.string({ minLength: 1 }),
    },
    { requiredKeys: ['at'] },
  );

  it('batches cut the steps anywhere, through JSON, and change nothing', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60 }), fc.array(fc.nat(60)), (told, cuts) => {
        const whole = watch(told);
        let state = NO_STATE;
        const findings: Finding[] = [];
        const edges = [...new Set([0, ...cuts.filter((cut) => cut < told.length), told.length])].sort((a, b) => a - b);
        for (const [index, edge] of edges.slice(1).entries()) {
          const part = watch(told.slice(edges[index], edge), {}, null, JSON.parse(JSON.stringify(state)) as LoopState);
          state = part.state;
          findings.push(...part.findings);
        }
        expect(state).toEqual(whole.state);
        expect(findings).toEqual(whole.findings);
      }),
    );
  });

  it('a state stays small', () => {
    const largest: LoopRules = {
      ...DEFAULT_LOOP_RULES,
      repeat: { inARow: 16, failedInARow: 16, inAll: 16, withinSeconds: 86_400, action: 'tell' },
    };
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 400, maxLength: 600 }), (told) => {
        expect(Buffer.byteLength(JSON.stringify(watch(told, largest).state))).toBeLessThanOrEqual(LARGEST_STATE);
      }),
      { numRuns: 10 },
    );
  });

  it('calls that all differ are no repeat and no ping-pong', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 80 }), (args) => {
        const { told } = watch(args.map((one, at) => search(at, { args: one, result: undefined })));
        expect(told.filter((one) => /repeat|ping_pong/.test(one))).toEqual([]);
      }),
    );
  });

  it('a tool that may be polled any number of times is never told, whatever it answers', () => {
    const rules: Partial<LoopRules> = { rate: null, depth: null, polling: [{ tool: 'get_*', perMinute: null }] };
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(90), fc.nat(2), fc.nat(1)), { maxLength: 100 }), (polls) => {
        let at = 0;
        const told = polls.map(([apart, result, args]) => ({ at: (at += apart), tool: 'get_status', args, result }));
        expect(watch(told, rules).told).toEqual([]);
      }),
    );
  });

  it('calls of one moment count as one of them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(3)), { maxLength: 30 }), (moments) => {
        const once = watch(
          moments.map(([, args], at) => search(at * 10, { args })),
          { noProgress: null },
        );
        const often = watch(
          moments.flatMap(([twins, args], at) => Array.from({ length: twins }, () => search(at * 10, { args }))),
          { noProgress: null },
        );
        expect(often.findings.map(({ kind, at }) => [kind, at])).toEqual(once.findings.map(({ kind, at }) => [kind, at])); // prettier-ignore
        expect(often.state.calls.map(({ hash, count }) => [hash, count])).toEqual(
          once.state.calls.map(({ hash, count }) => [hash, count]),
        );
      }),
    );
  });

  it('calls that come some seconds late are counted the same', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(9)), { maxLength: 8 }), (calls) => {
        const inTime = calls.map(([args], at) => search(at * 5, { args }));
        const late = inTime
          .map((one, at) => ({ one, arrival: at * 5 + calls[at]![1] }))
          .sort((a, b) => a.arrival - b.arrival)
          .map(({ one }) => one);
        const counts = ({ calls: known }: LoopState) => known.map(({ hash, count, moments }) => [hash, count, moments]);
        expect(counts(watch(late).state)).toEqual(counts(watch(inTime).state));
        expect(watch(late).state.order).toEqual(watch(inTime).state.order);
        expect(watch(late).state.minutes).toEqual(watch(inTime).state.minutes);
      }),
    );
  });
});
