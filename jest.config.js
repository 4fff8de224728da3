'use strict';

const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const swcrc = JSON.parse(readFileSync(join(__dirname, '.swcrc'), 'utf8'));
delete swcrc.$schema;

/** Our TypeScript, compiled as `npm run build` compiles it, except that `import()` becomes a
 *  `require`, because jest's sandbox has no real ES modules. */
const ours = { ...swcrc, swcrc: false, module: { type: 'commonjs' }, sourceMaps: 'inline' };

/** Packages: NestJS 12 and others ship ES modules only, which jest must be given as CommonJS.
 *  `isModule: 'unknown'` leaves those that are CommonJS already as they are (no added "use strict"). */
const packages = {
  swcrc: false,
  isModule: 'unknown',
  jsc: { parser: { syntax: 'ecmascript' }, target: 'es2023' },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};

const support = (name) => join(__dirname, 'test/support', name);

/** @type {import('jest').Config} */
module.exports = {
  rootDir: __dirname,
  roots: ['src', 'test', 'migrations'].map((folder) => join(__dirname, folder)),
  testMatch: ['**/*.spec.ts'],
  testEnvironment: 'node',
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  transform: {
    '\\.ts$': ['@swc/jest', ours],
    '\\.[cm]?js$': ['@swc/jest', packages],
  },
  transformIgnorePatterns: [],

  // One PostgreSQL for the whole run; each spec file that needs one makes a database of its own in it.
  globalSetup: support('global-setup.ts'),
  globalTeardown: support('global-teardown.ts'),

  reporters: ['default', support('skipped-reporter.cjs'), support('totals-reporter.cjs')],

  // The machines we test on have two cores. A worker that has grown past the limit is replaced after its file.
  maxWorkers: 2,
  workerIdleMemoryLimit: '1GB',
  testTimeout: 30_000,
};
