import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingsTable } from '../../src/platform/config';

it('docs/settings.md has the table of the settings schema; npm run docs:settings writes it', () => {
  expect(readFileSync(join(__dirname, '../../docs/settings.md'), 'utf8')).toContain(`${settingsTable()}\n`);
});
