import { documentDiff } from './document-diff';

it.each`
  before                                 | after                                        | changes                                           | because
  ${{ a: '1' }}                          | ${{ a: '1' }}                                | ${[]}                                             | ${'nothing differs'}
  ${{ a: '1', b: '2' }}                  | ${{ b: '2', a: '1' }}                        | ${[]}                                             | ${'fields have no order'}
  ${{ a: '1' }}                          | ${{ a: '2' }}                                | ${[['a', '1', '2']]}                              | ${'a value'}
  ${{ a: '1' }}                          | ${{}}                                        | ${[['a', '1', null]]}                             | ${'a field that went'}
  ${{}}                                  | ${{ a: '1' }}                                | ${[['a', null, '1']]}                             | ${'a field that came'}
  ${{ a: { b: { c: '1' } } }}            | ${{ a: { b: { c: '2' } } }}                  | ${[['a.b.c', '1', '2']]}                          | ${'deep inside'}
  ${{ a: '1' }}                          | ${{ a: { b: '1' } }}                         | ${[['a', '1', { b: '1' }]]}                       | ${'another kind of thing'}
  ${{ a: ['x', 'y'] }}                   | ${{ a: ['x'] }}                              | ${[['a', ['x', 'y'], ['x']]]}                     | ${'a list of values is one value'}
  ${{ p: [{ key: 'x', n: 1 }] }}         | ${{ p: [{ key: 'y' }, { key: 'x', n: 2 }] }} | ${[['p.x.n', 1, 2], ['p.y', null, { key: 'y' }]]} | ${'things with keys go by them'}
  ${{ p: [{ key: 'x' }, { key: 'y' }] }} | ${{ p: [{ key: 'y' }, { key: 'x' }] }}       | ${[['p', ['x', 'y'], ['y', 'x']]]}                | ${'their order is a change, too'}
  ${{ t: [{ upTo: '1' }] }}              | ${{ t: [{ upTo: '2' }] }}                    | ${[['t', [{ upTo: '1' }], [{ upTo: '2' }]]]}      | ${'tiers have no keys'}
`('$because', ({ before, after, changes }) => {
  const found = documentDiff(before, after);
  expect(found.map(({ field, before: was, after: is }) => [field, was, is])).toEqual(changes);
});
