import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { Client, listenForSignals, ProgramError, RefusedError, table, tell } from '../client';
import { type Change, changesTable } from './changes-table';
import { HELP, type PlansOptions, readOptions } from './options';
import { type PlanFile, readPlanFile, writePlanFile } from './plan-file';

/** How long the server may be away, such as for a restart, before the program gives up. */
const PATIENCE_MS = 10_000;

/** What a file is made of. What is done with it stands on the command line. */
const PARTS = ['features', 'meters', 'plans'];

interface Template {
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly document: unknown;
}

async function run(options: PlansOptions, signal: AbortSignal): Promise<string> {
  const client = new Client({ url: options.url, apiKey: options.apiKey, patienceMs: PATIENCE_MS, signal });
  switch (options.command) {
    case 'apply':
      return apply(client, options);
    case 'export':
      return exportPlans(client, options);
    case 'templates':
      return templates(client, options);
  }
}

async function apply(client: Client, options: Extract<PlansOptions, { command: 'apply' }>): Promise<string> {
  const file = readPlanFile(await contentOf(options.file), options.file);
  for (const name of Object.keys(file.document)) {
    if (PARTS.includes(name)) continue;
    throw new ProgramError(`${file.placeOf(name)}: '${name.slice(0, 40)}' is none of ${PARTS.join(', ')}.`, 2);
  }
  const { dryRun, reason } = options;
  try {
    const answer = await client.post<{ changes: readonly Change[] }>('/v1/plans/apply', {
      ...file.document,
      dryRun,
      ...(reason === null ? {} : { reason }),
    });
    return options.json ? `${JSON.stringify(answer, null, 2)}\n` : changesTable(answer.changes, dryRun);
  } catch (error) {
    throw error instanceof RefusedError ? inTheFile(error, file) : error;
  }
}

/** A refusal that names fields tells the lines they stand in, as compilers do. */
function inTheFile(refused: RefusedError, { placeOf }: PlanFile): ProgramError {
  if (refused.fields.length === 0) return refused;
  for (const { field, detail } of refused.fields) process.stderr.write(`${placeOf(field)}: ${field}: ${detail}\n`);
  const places = refused.fields.length === 1 ? 'one place' : `${refused.fields.length} places`;
  return new ProgramError(`The server refused the file (${refused.code}) for ${places}; nothing was changed.`, 2);
}

async function exportPlans(client: Client, options: Extract<PlansOptions, { command: 'export' }>): Promise<string> {
  const document = await client.get<unknown>('/v1/plans/export');
  const text = options.json
    ? `${JSON.stringify(document, null, 2)}\n`
    : writePlanFile(document, 'Plans on sale. Change them here, look with: npx weir plans apply FILE --dry-run');
  if (options.file === null || options.file === '-') return text;

  const path = resolvePath(options.file);
  await writeFile(path, text).catch((error: unknown) => {
    throw new ProgramError(`${options.file} can not be written (${(error as Error).message}).`, 2);
  });
  return `Written to ${options.file}.\n`;
}

async function templates(client: Client, options: Extract<PlansOptions, { command: 'templates' }>): Promise<string> {
  const { items } = await client.get<{ items: readonly Template[] }>('/v1/plan-templates');
  if (options.name === null) {
    if (options.json) return `${JSON.stringify(items, null, 2)}\n`;
    const columns = ['template', 'what it is'].map((title) => ({ title, align: 'left' as const }));
    const rows = items.map(({ key, name, description }) => [key, `${name}: ${description}`]);
    return `${table(columns, rows, Number.POSITIVE_INFINITY).join('\n')}\n`;
  }
  const template = items.find(({ key }) => key === options.name);
  if (template === undefined) {
    const names = items.map(({ key }) => key).join(', ');
    throw new ProgramError(`There is no template '${options.name.slice(0, 40)}'; there are ${names}.`, 2);
  }
  if (options.json) return `${JSON.stringify(template.document, null, 2)}\n`;
  return writePlanFile(template.document, `${template.name}\n${template.description}`);
}

async function contentOf(file: string): Promise<string> {
  if (file === '-') return textOf(process.stdin);
  try {
    return await readFile(resolvePath(file), 'utf8');
  } catch (error) {
    throw new ProgramError(`${file} can not be read (${(error as Error).message}).`, 2);
  }
}

/** npm and npx change to the package's folder; paths are relative to where they were typed. */
function resolvePath(file: string): string {
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), file);
}

async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const signalled = listenForSignals(stop);
  try {
    const options = readOptions(args, process.env);
    process.stdout.write(options === 'help' ? HELP : await run(options, stop.signal));
    return 0;
  } catch (error) {
    const code = signalled();
    if (code !== null) return code;
    const told = tell('plans', error);
    // The server understood and said no: what was asked for is wrong, not the run.
    return error instanceof RefusedError && error.status < 500 ? 2 : told;
  }
}

// A reader that went away (`weir plans export | head`) is no reason to stop in the middle.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
