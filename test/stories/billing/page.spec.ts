import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALL } from './all';
import { page } from './page';
import { expectToAddUp } from './sums';
import { decimalsOf } from './world';

const PAGE = join(__dirname, '../../../docs/billing-stories.md');

it.each(ALL.map((story) => [story.title, story] as const))('%s: the sums are right', (_title, story) => {
  for (const invoice of story.invoices) expectToAddUp(invoice, decimalsOf(story));
});

it('no two stories have one title', () => {
  const titles = ALL.map(({ title }) => title);
  expect(new Set(titles).size).toBe(titles.length);
});

it('the page says what the stories say (WEIR_WRITE_PAGE=1 writes it)', () => {
  if (process.env.WEIR_WRITE_PAGE === '1') writeFileSync(PAGE, page());
  expect(readFileSync(PAGE, 'utf8')).toBe(page());
});
