import fc from 'fast-check';
import { Decimal, decimalText } from '../../kernel';
import { buildWorkTree, nodeKey, type NodeName, parentNamed, parentOf, type WorkNode, type WorkRow } from './work-tree';

const SESSION: NodeName = { kind: 'session', name: 's' };

function row(over: Partial<Omit<WorkRow, 'cost'>> & { cost?: string }): WorkRow {
  const { cost = '1', firstAt = 0, ...rest } = over;
  return { session: 's', task: null, parent: null, step: null, events: 1, pendingEvents: 0, firstAt, lastAt: firstAt, ...rest, cost: new Decimal(cost) }; // prettier-ignore
}

/** `name own/rolled up`, indented by depth. */
function drawn(nodes: readonly WorkNode[]): string[] {
  return nodes.map(
    ({ kind, name, depth, own, rolledUp, cycle }) =>
      `${'  '.repeat(depth)}${kind} ${name} ${decimalText(own.cost)}/${decimalText(rolledUp.cost)}${cycle ? ' cycle' : ''}`,
  );
}

it('adds costs up along parents, and marks what was done again', () => {
  const nodes = buildWorkTree(SESSION, [
    row({ cost: '0.10', firstAt: 1 }),
    row({ task: 'answer', cost: '0.20', firstAt: 2 }),
    row({ task: 'search', parent: 'answer', cost: '0.30', firstAt: 3 }),
    row({ task: 'search', parent: 'answer', step: 'retry', cost: '0.25', firstAt: 4 }),
    row({ task: 'search', parent: 'task:answer', step: 'self_correction', cost: '0.15', firstAt: 5 }),
  ]);
  expect(drawn(nodes)).toEqual(['session s 0.1/1', '  task answer 0.2/0.9', '    task search 0.7/0.7']);
  expect(decimalText(nodes[2]!.retries.cost)).toBe('0.25');
  expect(decimalText(nodes[2]!.selfCorrections.cost)).toBe('0.15');
  expect(nodes[2]).toMatchObject({ firstAt: 3, lastAt: 5, parent: { kind: 'task', name: 'answer' } });
});

it.each`
  parent         | task    | session | above                              | because
  ${null}        | ${'t'}  | ${'s'}  | ${{ kind: 'session', name: 's' }}  | ${'a task hangs under its session'}
  ${null}        | ${'t'}  | ${null} | ${null}                            | ${'or under nothing'}
  ${null}        | ${null} | ${'s'}  | ${null}                            | ${'a session is a root'}
  ${'u'}         | ${'t'}  | ${'s'}  | ${{ kind: 'task', name: 'u' }}     | ${'a bare name is of the same kind'}
  ${'r'}         | ${null} | ${'s'}  | ${{ kind: 'session', name: 'r' }}  | ${'the same for sessions'}
  ${'session:r'} | ${'t'}  | ${'s'}  | ${{ kind: 'session', name: 'r' }}  | ${'or the kind is named'}
  ${'task:u'}    | ${null} | ${'s'}  | ${{ kind: 'task', name: 'u' }}     | ${'a session below a task: a subagent with a session of its own'}
  ${'task:'}     | ${'t'}  | ${'s'}  | ${{ kind: 'task', name: 'task:' }} | ${'an empty name is no name'}
  ${'u'}         | ${null} | ${null} | ${null}                            | ${'no node, no parent'}
`('above task $task of session $session with parent $parent: $because', ({ parent, task, session, above }) => {
  expect(parentOf({ parent, task, session })).toEqual(above);
});

it('hangs a parent that has no events of its own under the session', () => {
  const nodes = buildWorkTree(SESSION, [row({ task: 'child', parent: 'planned', cost: '2' })]);
  expect(drawn(nodes)).toEqual(['session s 0/2', '  task planned 0/2', '    task child 2/2']);
});

it('lets the first event say where a node hangs', () => {
  const rows = [
    row({ task: 'a', firstAt: 1 }),
    row({ task: 'b', firstAt: 1 }),
    row({ task: 'x', parent: 'b', firstAt: 5 }),
    row({ task: 'x', parent: 'a', firstAt: 3 }),
  ];
  const expected = ['session s 0/4', '  task a 1/3', '    task x 2/2', '  task b 1/1'];
  expect(drawn(buildWorkTree(SESSION, rows))).toEqual(expected);
  expect(drawn(buildWorkTree(SESSION, rows.toReversed()))).toEqual(expected);
});

it('cuts a ring of parents, loses none of its cost and says so', () => {
  const nodes = buildWorkTree(SESSION, [
    row({ task: 'a', parent: 'b', cost: '1' }),
    row({ task: 'b', parent: 'c', cost: '2' }),
    row({ task: 'c', parent: 'a', cost: '4' }),
    row({ task: 'd', parent: 'a', cost: '8' }),
    row({ task: 'self', parent: 'self', cost: '16' }),
  ]);
  expect(drawn(nodes)).toEqual([
    'session s 0/31',
    '  task a 1/9 cycle',
    '    task d 8/8',
    '  task b 2/2 cycle',
    '  task c 4/4 cycle',
    '  task self 16/16 cycle',
  ]);
});

it('leaves out work that hangs elsewhere', () => {
  const nodes = buildWorkTree({ kind: 'task', name: 'a' }, [
    row({ task: 'a', cost: '1' }),
    row({ task: 'b', cost: '2' }),
    row({ task: 'c', parent: 'a', cost: '4' }),
    row({ task: 'd', parent: 'session:other', cost: '8' }),
  ]);
  expect(drawn(nodes)).toEqual(['task a 1/5', '  task c 4/4']);
});

it('goes as deep as agents go', () => {
  const chain = Array.from({ length: 5_000 }, (_, n) => row({ task: `t${n}`, parent: n === 0 ? null : `t${n - 1}` }));
  const nodes = buildWorkTree(SESSION, chain);
  expect(nodes).toHaveLength(5_001);
  expect(decimalText(nodes[0]!.rolledUp.cost)).toBe('5000');
});

describe('whatever the events name', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const maybe = fc.option(name, { nil: null, freq: 3 });
  const rows = fc.array(
    fc.record({
      session: fc.constantFrom('s', 's', 's', 'r', null),
      task: maybe,
      parent: fc.option(fc.oneof(name, name.map((n) => `task:${n}`), fc.constantFrom('session:s', 'session:r')), { nil: null }), // prettier-ignore
      step: fc.constantFrom(null, null, 'retry', 'self_correction'),
      cost: fc.bigInt({ min: 0n, max: 10n ** 20n }).map((n) => new Decimal(n.toString()).dividedBy('1e12')),
      events: fc.integer({ min: 1, max: 9 }),
      pendingEvents: fc.integer({ min: 0, max: 3 }),
      firstAt: fc.integer({ min: 0, max: 5 }),
      lastAt: fc.constant(9),
    }),
    { maxLength: 25 },
  );

  it('the root rolls up each node once, and a node what is below it', () => {
    fc.assert(
      fc.property(rows, (given) => {
        const nodes = buildWorkTree(SESSION, given);
        expect(new Set(nodes.map(nodeKey)).size).toBe(nodes.length);
        const sum = nodes.reduce((all, { own }) => all.plus(own.cost), new Decimal(0));
        expect(nodes[0]!.rolledUp.cost).toEqual(sum);
        for (const node of nodes) {
          const children = nodes.filter(({ parent }) => parent !== null && nodeKey(parent) === nodeKey(node));
          const below = children.reduce((all, { rolledUp }) => all.plus(rolledUp.cost), node.own.cost);
          expect(node.rolledUp.cost.equals(below)).toBe(true);
          expect(children.every(({ depth }) => depth === node.depth + 1)).toBe(true);
        }
      }),
    );
  });

  it('no event of the session is lost that names no other place', () => {
    fc.assert(
      fc.property(rows, (given) => {
        const plain = given.filter(({ session, parent }) => session === 's' && parent === null);
        const nodes = buildWorkTree(SESSION, plain);
        const sum = plain.reduce((all, { cost }) => all.plus(cost), new Decimal(0));
        expect(nodes[0]!.rolledUp.cost.equals(sum)).toBe(true);
      }),
    );
  });

  it('their order does not matter', () => {
    fc.assert(
      fc.property(rows, fc.infiniteStream(fc.nat()), (given, order) => {
        const shuffled = given
          .map((each) => ({ each, at: order.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ each }) => each);
        expect(drawn(buildWorkTree(SESSION, shuffled))).toEqual(drawn(buildWorkTree(SESSION, given)));
      }),
    );
  });
});

it('reads a parent text', () => {
  expect(parentNamed('session:a:b', 'task')).toEqual({ kind: 'session', name: 'a:b' });
});
