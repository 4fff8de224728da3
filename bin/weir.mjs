#!/usr/bin/env node
// `npx weir COMMAND`: runs one of Weir's programs, built first where this is a checkout that has not been built.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const COMMANDS = {
  import: 'dist/src/import/main.js',
  plans: 'dist/src/plans/main.js',
  demo: 'dist/src/demo/main.js',
  start: 'dist/src/main.js',
};

const [command = 'help'] = process.argv.slice(2);
if (!Object.hasOwn(COMMANDS, command)) {
  const asked = ['help', '--help', '-h'].includes(command);
  (asked ? process.stdout : process.stderr).write(
    `${asked ? '' : `weir: there is no command '${command}'.\n`}npx weir import FILE   send the rows of a file as events (--help lists the flags)
npx weir plans         keep plans, meters and features in a file: apply, export, templates
npx weir demo          twenty thousand requests in, three explained invoices out
npx weir start         start the server
`,
  );
  process.exit(asked ? 0 : 2);
}

const program = join(ROOT, COMMANDS[command]);
if (!existsSync(program)) {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs')], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
process.argv.splice(1, 2, program);
process.setSourceMapsEnabled(true);
await import(pathToFileURL(program).href);
