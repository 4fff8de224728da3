// Compiles src, migrations and bench to dist, as .swcrc says. Types are `npm run typecheck`'s work.
//
// Why not the swc or nest command: both empty dist first or write over files in place, and `npm start` and
// `npm run demo` build before they run. Here a file is replaced in one step, only when its content changed, so a
// build under a running server, or two at once, harms nobody. Files whose source is gone are removed afterwards.
import { transformFile } from '@swc/core';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const folders = ['src', 'migrations', 'bench'];

/** Every file below a folder, as paths relative to `base`; none when the folder is missing. */
async function filesUnder(folder, base) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(base, join(entry.parentPath, entry.name)));
}

const isOurs = (file) => /\.ts$/.test(file) && !/\.(spec|d)\.ts$/.test(file);

/** Replaces a file in one step, so that a process that is just starting sees the old or the new one, whole. */
async function replace(file, content) {
  if ((await readFile(file, 'utf8').catch(() => null)) === content) return;
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, content);
  await rename(draft, file);
}

async function compile(source) {
  const output = join(dist, source.replace(/\.ts$/, '.js'));
  const { code, map } = await transformFile(join(root, source), {
    cwd: root,
    sourceFileName: relative(dirname(output), join(root, source)).split(sep).join('/'),
  });
  await replace(`${output}.map`, map);
  await replace(output, `${code.trimEnd()}\n//# sourceMappingURL=${basename(output)}.map\n`);
  return [relative(dist, output), relative(dist, `${output}.map`)];
}

const sources = (await Promise.all(folders.map((folder) => filesUnder(join(root, folder), root))))
  .flat()
  .filter(isOurs);
const built = new Set();
const problems = [];
const queue = [...sources];
async function work() {
  for (let source = queue.pop(); source !== undefined; source = queue.pop()) {
    try {
      for (const file of await compile(source)) built.add(file);
    } catch (error) {
      // What follows is swc's own stack.
      problems.push(`${source}: ${error.message.split('\n\nCaused by:')[0].trim()}`);
    }
  }
}
await Promise.all(Array.from({ length: 2 * availableParallelism() }, work));

if (problems.length > 0) {
  console.error(problems.join('\n\n'));
  console.error(`\nThe build failed: ${problems.length} of ${sources.length} files could not be compiled.`);
  process.exit(1);
}

for (const file of await filesUnder(dist, dist)) {
  // A draft belongs to a build that is still running beside this one.
  if (!built.has(file) && !file.endsWith('.tmp')) await rm(join(dist, file), { force: true });
}
