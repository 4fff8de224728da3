// Adds to package-lock.json the optional packages of other platforms that npm left out.
//
// npm writes an optional package into the lock file only when the registry it asks can show it, and a mirror may have a
// package's binaries for its own platform only. `npm ci` then refuses the lock file, everywhere, as out of step. The
// versions are known all the same: the packages that want them pin them. Run it after `npm install` where npm did that.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(path, 'utf8'));
const { packages } = lock;

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];

/** The places in which node looks for a package from another one, nearest first. */
function* placesFrom(place) {
  for (let folder = place; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))) {
    yield folder === '' ? 'node_modules/' : `${folder}/node_modules/`;
    if (folder === '') return;
  }
}

let added = 0;
for (const [place, wanting] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(wanting.optionalDependencies ?? {})) {
    if ([...placesFrom(place)].some((folder) => `${folder}${name}` in packages)) continue;

    const words = name.split(/[/-]/);
    const os = SYSTEMS.filter((system) => words.includes(system));
    const cpu = PROCESSORS.filter((processor) => words.includes(processor));
    if (!/^\d+\.\d+\.\d+/.test(version) || os.length !== 1 || cpu.length !== 1) {
      console.error(`${name}@${version} (wanted by ${place}) is not in the lock file, and its platform is not plain.`);
      process.exitCode = 1;
      continue;
    }
    packages[`node_modules/${name}`] = {
      version,
      cpu,
      ...(wanting.dev ? { dev: true } : {}),
      optional: true,
      os,
    };
    added += 1;
  }
}

const byPlace = (a, b) => a[0].localeCompare(b[0], 'en');
lock.packages = Object.fromEntries(Object.entries(packages).sort(byPlace));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} optional packages added to package-lock.json`);
