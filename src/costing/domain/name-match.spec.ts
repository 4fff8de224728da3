import { type NameMatch, compileNameMatch, normalName, withDashedDate } from './name-match';

describe('matching a name', () => {
  it.each`
    match                                                                          | name             | meant    | because
    ${{ equals: 'gpt-4o' }}                                                        | ${'GPT-4o'}      | ${true}  | ${"letters' case doesn't matter"}
    ${{ equals: 'GLM-4.7' }}                                                       | ${'glm-4.7'}     | ${true}  | ${'on either side'}
    ${{ equals: 'gpt-4o' }}                                                        | ${'gpt-4o-mini'} | ${false} | ${'equals is the whole name'}
    ${{ starts_with: 'gpt-' }}                                                     | ${'gpt-4o'}      | ${true}  | ${'the start'}
    ${{ starts_with: 'gpt-' }}                                                     | ${'my-gpt-4o'}   | ${false} | ${'only the start'}
    ${{ ends_with: ':FREE' }}                                                      | ${'r1:free'}     | ${true}  | ${'the end'}
    ${{ contains: 'claude' }}                                                      | ${'us.claude-3'} | ${true}  | ${'anywhere'}
    ${{ regex: '^o[134]' }}                                                        | ${'o3-mini'}     | ${true}  | ${'a regular expression'}
    ${{ regex: '^O3' }}                                                            | ${'O3'}          | ${false} | ${'is tried on the name in lower case, as the catalogue does'}
    ${{ and: [{ contains: 'huggingface' }, { contains: 'groq' }] }}                | ${'huggingface'} | ${false} | ${'and needs all'}
    ${{ or: [{ equals: 'a' }, { and: [{ contains: 'b' }, { ends_with: 'c' }] }] }} | ${'xbxc'}        | ${true}  | ${'nested'}
    ${{ or: [] }}                                                                  | ${'a'}           | ${false} | ${'or of nothing is nothing'}
  `('$name by $match is $meant: $because', ({ match, name, meant }) => {
    expect(compileNameMatch(match)(normalName(name))).toBe(meant);
  });

  it('stops at a match that is none of the seven kinds, instead of matching nothing', () => {
    expect(() => compileNameMatch({ glob: 'gpt-*' } as unknown as NameMatch)).toThrow(/seven kinds/);
  });
});

it.each`
  name                      | dashed                      | because
  ${'gpt-4o-20240806'}      | ${'gpt-4o-2024-08-06'}      | ${'a date at the end'}
  ${'claude-20250929-v1:0'} | ${'claude-2025-09-29-v1:0'} | ${'a date before a dash'}
  ${'model-20240229:free'}  | ${'model-2024-02-29:free'}  | ${'a leap day, before a colon'}
  ${'model-20230229'}       | ${'model-20230229'}         | ${'2023 had no 29 February'}
  ${'model-20241301'}       | ${'model-20241301'}         | ${'there is no 13th month'}
  ${'model-202408061'}      | ${'model-202408061'}        | ${'a longer run of digits is no date'}
`('$name becomes $dashed: $because', ({ name, dashed }) => {
  expect(withDashedDate(name)).toBe(dashed);
});
