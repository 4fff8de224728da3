import fc from 'fast-check';
import { Decimal } from '../../kernel';
import { canonicalJson, hashParts } from './call-hash';
import { packStep, unpackStep } from './pack-step';
import { readStep, type StepSource } from './read-step';

function read(data: Record<string, unknown> | null, over: Partial<StepSource> = {}): ReturnType<typeof readStep> {
  return readStep({ at: 0, cost: null, type: 'agent.step', step: null, session: 's', task: null, parent: null, data, ...over }); // prettier-ignore
}

const call = (data: Record<string, unknown>): string | null => read({ tool: 't', ...data }).call;

describe('which calls are one', () => {
  it.each`
    a                                               | b                                        | same     | because
    ${{ arguments: { a: 1, b: 2 } }}                | ${{ arguments: { b: 2, a: 1 } }}         | ${true}  | ${'fields have no order'}
    ${{ arguments: [1, 2] }}                        | ${{ arguments: [2, 1] }}                 | ${false} | ${'lists have'}
    ${{ arguments: '{"a": 1}' }}                    | ${{ arguments: { a: 1 } }}               | ${true}  | ${'JSON in a text is JSON'}
    ${{ arguments: '{"a": 1' }}                     | ${{ arguments: { a: 1 } }}               | ${false} | ${'a text that is none is a text'}
    ${{ arguments: '1' }}                           | ${{ arguments: 1 }}                      | ${false} | ${'a text is no number'}
    ${{ arguments_hash: 'x' }}                      | ${{ arguments_hash: 'x', arguments: 1 }} | ${true}  | ${"the sender's hash counts"}
    ${{ arguments_hash: 'x' }}                      | ${{ arguments: 'hash x' }}               | ${false} | ${'a hash is no text'}
    ${{ arguments: {}, result: 'ok' }}              | ${{ arguments: {}, result: 'no' }}       | ${false} | ${'another result is another call'}
    ${{ arguments: {}, result_hash: 'r' }}          | ${{ arguments: {} }}                     | ${false} | ${'a result is part of it'}
    ${{ arguments: null }}                          | ${{ arguments: {} }}                     | ${false} | ${'no arguments at all, said so'}
    ${{ arguments: JSON.parse('{"__proto__":1}') }} | ${{ arguments: {} }}                     | ${false} | ${'every field counts'}
  `('$a and $b: $because', ({ a, b, same }) => {
    expect(call(a) === call(b)).toBe(same);
  });

  it('does not know a call without arguments, or with a hash that is none', () => {
    expect(call({ result: 'ok' })).toBeNull();
    expect(call({ arguments_hash: 7 })).toBeNull();
    expect(call({ arguments_hash: 'x'.repeat(201) })).toBeNull();
    expect(read(null).call).toBeNull();
  });

  it('other tools make other calls', () => {
    expect(read({ tool: 'a', arguments: {} }).call).not.toBe(read({ tool: 'b', arguments: {} }).call);
  });

  it('says nothing of what was asked', () => {
    expect(call({ arguments: { password: 'secret' } })).toMatch(/^[0-9a-f]{16}$/);
  });
});

it.each`
  type                     | data                                        | kind       | name
  ${'gen_ai.execute_tool'} | ${{ tool: 't' }}                            | ${'tool'}  | ${'t'}
  ${'gen_ai.chat'}         | ${{ provider: 'openai', model: 'm' }}       | ${'model'} | ${'m'}
  ${'llm.request'}         | ${{ provider: 'p', model: 'm', tool: 't' }} | ${'model'} | ${'t'}
  ${'tool.call'}           | ${{ tool: 't', model: 'm' }}                | ${'tool'}  | ${'t'}
  ${'agent.step'}          | ${{ tool: 't' }}                            | ${'tool'}  | ${'t'}
  ${'gpu.seconds'}         | ${{}}                                       | ${'other'} | ${null}
`('$type with $data is of kind $kind', ({ type, data, kind, name }) => {
  expect(read(data, { type })).toMatchObject({ kind, name });
});

it.each`
  data                      | fails
  ${{}}                     | ${false}
  ${{ error: false }}       | ${false}
  ${{ error: null }}        | ${false}
  ${{ error: true }}        | ${true}
  ${{ error: 'time-out' }}  | ${true}
  ${{ error: { code: 4 } }} | ${true}
  ${{ error_type: '500' }}  | ${true}
`('$data fails: $fails', ({ data, fails }) => {
  expect(read({ tool: 't', ...data }).failure !== null).toBe(fails);
});

it('one failure is told from another by what came back', () => {
  const failure = (data: Record<string, unknown>): string | null => read({ tool: 't', error: true, ...data }).failure;
  expect(failure({ arguments: 1, result: 'no' })).toBe(failure({ arguments: 2, result: 'no' }));
  expect(failure({ result: 'no' })).not.toBe(failure({ result: 'never' }));
});

it.each`
  data                                        | progress
  ${{}}                                       | ${null}
  ${{ progress: true }}                       | ${true}
  ${{ progress: false }}                      | ${false}
  ${{ progress: 'yes' }}                      | ${null}
  ${{ outcome: 'resolved' }}                  | ${true}
  ${{ outcome: false, progress: false }}      | ${false}
  ${{ outcome: 'resolved', progress: false }} | ${true}
`('progress of $data: $progress', ({ data, progress }) => {
  expect(read(data).progress).toBe(progress);
});

it('a field of another kind than expected says nothing', () => {
  expect(read({ depth: '3', duration_ms: 'long', turn: {}, tool: 7 })).toMatchObject({
    depth: null,
    durationMs: null,
    turn: null,
    name: null,
  });
  expect(read({ depth: -1 }).depth).toBeNull();
  expect(read({ depth: 1.5 }).depth).toBeNull();
  expect(read({ duration_ms: 1.4 }).durationMs).toBe(1);
});

it('names nodes of work as the tree of costs does', () => {
  const session = read(null);
  const task = read(null, { task: 'a' });
  expect(session.parent).toBeNull();
  expect(task.parent).toBe(session.node);
  expect(read(null, { task: 'b', parent: 'a' }).parent).toBe(task.node);
  expect(read(null, { task: 'b', parent: 'task:a' }).parent).toBe(task.node);
  expect(read(null, { task: 'b', parent: 'session:s' }).parent).toBe(session.node);
});

it('no two values of JSON are written the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const [one, other] = [JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))] as unknown[];
      const isOne = canonicalJson([one]) === canonicalJson([other]);
      expect(isOne).toBe(isSame(one, other));
    }),
  );
});

/** Texts within a list are compared as they are, so that this needs no knowledge of JSON in texts. */
function isSame(a: unknown, b: unknown): boolean {
  try {
    expect(a).toEqual(b);
    return true;
  } catch {
    return false;
  }
}

it('reads a text of brackets without end as a text', () => {
  expect(canonicalJson('['.repeat(60_000))).toBe(JSON.stringify('['.repeat(60_000)));
  expect(() => canonicalJson(`${'['.repeat(30_000)}${']'.repeat(30_000)}`)).not.toThrow();
});

it('parts of a hash do not run into each other', () => {
  expect(hashParts('ab', 'c')).not.toBe(hashParts('a', 'bc'));
});

it('a step waits as text and comes back as it was', () => {
  const data = fc.record(
    {
      tool: fc.string(),
      model: fc.string(),
      arguments: fc.jsonValue(),
      result: fc.jsonValue(),
      error: fc.boolean(),
      progress: fc.boolean(),
      turn: fc.oneof(fc.string(), fc.integer()),
      duration_ms: fc.double({ noNaN: true }),
      depth: fc.integer(),
      task_class: fc.string(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(data, fc.option(fc.constantFrom('0', '0.000000000001', '12.5')), (fields, cost) => {
      const step = read(fields, { cost: cost === null ? null : new Decimal(cost), task: 't', parent: 'u', at: 5 });
      expect(unpackStep(packStep(step))).toEqual(step);
    }),
  );
});
