import { AGREEMENTS } from './agreements';
import { CALENDAR } from './calendar';
import { CHANGES } from './changes';
import { LIFE } from './life';
import { MONEY } from './money';
import type { Story } from './story';
import { USAGE } from './usage';

/** Every story, by the chapters of the page. */
export const CHAPTERS: readonly (readonly [title: string, stories: readonly Story[]])[] = [
  ['When periods begin and end', CALENDAR],
  ['Changes of plan', CHANGES],
  ['Seats, prices, ramps and allowances', AGREEMENTS],
  ['From the first day to the last', LIFE],
  ['Usage', USAGE],
  ['Taxes, credit and corrections', MONEY],
];
export const ALL: readonly Story[] = CHAPTERS.flatMap(([, stories]) => stories);
