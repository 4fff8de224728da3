import { type Change, changesTable } from './changes-table';

const change = (more: Partial<Change>): Change => ({
  kind: 'plan',
  key: 'pro',
  action: 'unchanged',
  version: null,
  fields: [],
  ...more,
});

it('shows what is made and what differs, and counts the rest', () => {
  const changes = [
    change({ kind: 'feature', key: 'chat' }),
    change({ kind: 'meter', key: 'tokens', action: 'create' }),
    change({ key: 'team', action: 'create', version: 1 }),
    change({
      action: 'new_version',
      version: 3,
      fields: [
        { field: 'name', before: 'Pro', after: 'Professional' },
        { field: 'prices.tokens.charge.unitPrice', before: '0.002', after: '0.003' },
        { field: 'prices.seats', before: null, after: { key: 'seats', charge: { model: 'recurring', unitPrice: '12' } } },
        { field: 'trial', before: { days: 14 }, after: null },
      ],
    }),
  ]; // prettier-ignore
  expect(changesTable(changes, true)).toBe(`what                              before       after
───────────────────────────────────────────────────────────────────────────────────────────
meter tokens                                   made
plan team                                      made as version 1
plan pro                                       published as version 3
  name                            Pro          Professional
  prices.tokens.charge.unitPrice  0.002        0.003
  prices.seats                    –            {"key":"seats","charge":{"model":"recurring…
  trial                           {"days":14}  –

Dry run, nothing was changed. It would be: 2 made, 1 published as a new version, 1 unchanged.
`);
  expect(changesTable(changes, false)).toContain('\nDone: 2 made, 1 published as a new version, 1 unchanged.\n');
});

it('says so when there is nothing to do', () => {
  expect(changesTable([change({}), change({ key: 'team' })], true)).toBe('Nothing to change: 2 there already.\n');
});

it('lets no control character of a value through to the terminal', () => {
  const fields = [{ field: 'name', before: 'a', after: 'b\u001b[2J\nc' }];
  expect(changesTable([change({ action: 'new_version', version: 2, fields })], false)).toContain('b\\u001b[2J\\nc');
});
