import { Turns } from './turns';

const settled = () => new Promise(setImmediate);

it('runs so many at a time for each organisation, the others in their order', async () => {
  const turns = new Turns(2);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (organisation: string, name: string) =>
    turns.take(organisation, async () => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      return name;
    });
  const all = ['a1', 'a2', 'a3', 'a4', 'b1'].map((name) => work(name[0]!, name));
  await settled();
  expect(begun).toEqual(['a1', 'a2', 'b1']);

  ends.get('a2')!();
  await settled();
  expect(begun).toEqual(['a1', 'a2', 'b1', 'a3']);

  for (const name of ['a1', 'a3', 'b1']) ends.get(name)!();
  await settled();
  ends.get('a4')!();
  expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3', 'a4', 'b1']);
});

it('goes on after a work that failed', async () => {
  const turns = new Turns(1);
  const failed = turns.take('a', () => Promise.reject(new Error('no')));
  const after = turns.take('a', () => Promise.resolve('yes'));
  await expect(failed).rejects.toThrow('no');
  expect(await after).toBe('yes');
});
