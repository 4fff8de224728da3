import { Remembered } from './remembered';

it('makes a value once, and forgets those that were used longest ago', () => {
  const remembered = new Remembered<string>(2);
  const made: string[] = [];
  const get = (id: string): string =>
    remembered.get(id, () => {
      made.push(id);
      return `of ${id}`;
    });
  expect(['a', 'b', 'a', 'c', 'a', 'b'].map(get)).toEqual(['of a', 'of b', 'of a', 'of c', 'of a', 'of b']);
  // b was used longest ago when c came.
  expect(made).toEqual(['a', 'b', 'c', 'b']);
});
