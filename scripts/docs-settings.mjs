// Writes the table of docs/settings.md from the settings schema. test/architecture/settings-page.spec.ts holds it equal.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('../docs/settings.md', import.meta.url));
const { settingsTable } = createRequire(import.meta.url)('../dist/src/platform/config/index.js');

const written = readFileSync(page, 'utf8');
const begin = written.indexOf('| setting |');
if (begin === -1) throw new Error('docs/settings.md has no table that starts with "| setting |".');
const end = written.indexOf('\n\n', begin);
writeFileSync(page, `${written.slice(0, begin)}${settingsTable()}${end === -1 ? '\n' : written.slice(end)}`);
