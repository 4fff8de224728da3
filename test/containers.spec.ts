import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const lines = (file: string) => readFileSync(join(ROOT, file), 'utf8').split('\n');

/** What the Dockerfile copies from the repository (not from another stage). */
const copied = lines('Dockerfile')
  .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
  .flatMap((line) => line.split(' ').slice(1, -1));

it('copies what there is', () => {
  expect(copied).toContain('src');
  expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

it('sends to the builder just what is copied', () => {
  const sent = lines('.dockerignore').flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
  expect(sent.sort()).toEqual(copied.sort());
});

it('starts the program that the build makes', () => {
  expect(lines('Dockerfile').at(-2)).toBe(
    'CMD ["node", "--enable-source-maps", "--max-semi-space-size=64", "dist/src/main.js"]',
  );
  expect(existsSync(join(ROOT, 'src/main.ts'))).toBe(true);
});
