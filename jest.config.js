/**
 * Without TEST_GROUP: all suites, one after another. `npm test` runs one group after another, see src/cli/programs/test.ts:
 * `unit` needs no servers; the suites of `servers` run side by side, and each worker of jest has servers of its own; those of `alone`
 * run one after another.
 */
const { listFiles } = require('./test/groups.cjs');

const SERVERS = {
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  setupFiles: ['<rootDir>/test/support/worker-servers.ts'],
};

const SWC = ['@swc/jest', { module: { type: 'commonjs', ignoreDynamic: true } }];
/** execa and what it imports: jest requires what it loads, and Node before 20.19 cannot require ES modules. */
const ES_MODULES = [
  ...['@sec-ant', '@sindresorhus', 'execa', 'figures', 'get-stream', 'human-signals', 'is-plain-obj', 'is-stream'],
  'is-unicode-supported',
  ...['npm-run-path', 'parse-ms', 'path-key', 'pretty-ms', 'strip-final-newline', 'unicorn-magic', 'yoctocolors'],
];

/** @type {Record<string, import('jest').Config>} */
const groups = {
  unit: { testMatch: listFiles('unit'), maxWorkers: 2 },
  // more workers than cores: suites often wait, for a server that starts or for a time limit
  servers: { testMatch: listFiles('servers'), maxWorkers: 3, ...SERVERS },
  alone: { testMatch: listFiles('alone'), maxWorkers: 1, ...SERVERS },
  all: { testMatch: ['<rootDir>/test/**/*.test.ts'], maxWorkers: 1, ...SERVERS },
};

const name = process.env.TEST_GROUP || 'all';
if (!(name in groups)) throw new Error(`TEST_GROUP=${name} is not one of ${Object.keys(groups).join(', ')}.`);

module.exports = {
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': SWC, [`/node_modules/(?:${ES_MODULES.join('|')})/.+\\.js$`]: SWC },
  transformIgnorePatterns: [],
  // names no file for those who require it
  moduleNameMapper: { '^unicorn-magic$': '<rootDir>/node_modules/unicorn-magic/node.js' },
  // ends a test that hangs, also on a slow machine; a test that measures a time has a limit of its own
  testTimeout: 300_000,
  // a suite that fails in its set-up may leave a server open: the report must come all the same
  forceExit: true,
  testSequencer: '<rootDir>/test/longest-first.cjs',
  ...groups[name],
};
