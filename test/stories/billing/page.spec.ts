import { ALL } from './all';
import { expectToAddUp } from './sums';
import { decimalsOf } from './world';

it.each(ALL.map((story) => [story.title, story] as const))('%s: the sums are right', (_title, story) => {
  for (const invoice of story.invoices) expectToAddUp(invoice, decimalsOf(story));
});

it('no two stories have one title', () => {
  const titles = ALL.map(({ title }) => title);
  expect(new Set(titles).size).toBe(titles.length);
});
