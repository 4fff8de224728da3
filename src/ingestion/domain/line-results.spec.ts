import fc from 'fast-check';
import { addResults, endLine, type LineResult, resultLines } from './line-results';

const NONE = { accepted: 0, duplicates: 0, rejected: 0 };
const RESULTS: LineResult[] = [
  { line: 1, receipt: { status: 'accepted', id: 'e-1' } },
  { line: 3, receipt: { status: 'rejected', id: null, problem: { code: 'c', field: 'f', detail: 'd "q"' } } },
  { line: 4, receipt: { status: 'duplicate', id: 'e-"4"\n' } },
];
const read = (text: string): unknown[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

it('writes a line for each, in their order', () => {
  expect(read(resultLines(RESULTS, 'all'))).toEqual([
    { line: 1, id: 'e-1', status: 'accepted' },
    { line: 3, id: null, status: 'rejected', code: 'c', field: 'f', detail: 'f: d "q"' },
    { line: 4, id: 'e-"4"\n', status: 'duplicate' },
  ]);
});

it('writes only what was refused, where that is wanted', () => {
  expect(read(resultLines(RESULTS, 'rejected'))).toEqual([expect.objectContaining({ line: 3, status: 'rejected' })]);
});

it('ends with the counts, and where to go on', () => {
  const counts = addResults(addResults(NONE, RESULTS), RESULTS.slice(0, 1));
  expect(read(endLine({ ...counts, broken: null }))).toEqual([
    { accepted: 2, duplicates: 1, rejected: 1, complete: true },
  ]);
  const broken = { resumeFromLine: 5, code: 'unavailable', detail: 'later' };
  expect(read(endLine({ ...counts, broken }))).toEqual([
    { accepted: 2, duplicates: 1, rejected: 1, complete: false, ...broken },
  ]);
});

it('any id stays in its line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (id) => {
      const lines = resultLines([{ line: 1, receipt: { status: 'accepted', id } }], 'all');
      expect(lines.split('\n')).toHaveLength(2);
      expect(read(lines)).toEqual([{ line: 1, id, status: 'accepted' }]);
    }),
  );
});
