// @ts-check
// Defines which suites run in parallel. A suite that is not named here belongs to the group `servers`.

/* global __dirname */
const { readdirSync } = require('node:fs');
const { join, sep } = require('node:path');

/** Suites that need no server, no build and no program of ours. A name that ends in `/` is a folder. */
const UNIT = [
  'access/',
  'answers/',
  'api/',
  'contract/',
  'dashboard-state/',
  'eval/',
  'events/',
  'gateway/',
  'metrics/',
  'activities/agreement',
  'activities/code-blocks',
  'activities/continuation',
  'activities/examples',
  'activities/javascript-examples',
  'activities/read-structure',
  'activities/refusals',
  'local-model/answer-text',
  'local-model/capacity',
  'local-model/command-line',
  'local-model/engine',
  'local-model/prompt',
  'sandbox/javascript-literal',
  'sandbox/python-assertion',
  'sandbox/python-literal',
  'sandbox/seccomp',
  'support/scripted-gateway',
  'support/scripted-gateway-sdk',
  'support/scripted-gateway-wire',
  'config',
  'generated-files',
  'groups',
  'lockfile',
  'settings',
  'swarms-file',
  'temporal-logger',
];

/** Suites that take seconds, which is too long for `npm run test:unit`. */
const LONG = [
  'answers/verdict',
  'api/json',
  'api/newest-runs',
  'events/fold',
  'gateway/network',
  'gateway/chat-reader',
];

/** Suites that measure times that other suites would distort, or use both cores: one after another, alone on the machine. */
const ALONE = [
  'chaos/',
  'dashboard/measures',
  'hostile/',
  'activities/take-turn',
  'activities/take-turn-stopped',
  'end-to-end/follow-flood',
  'redis/cancellations',
  'redis/follow',
  'redis/limiter',
  'sandbox/bounds',
  'sandbox/pool',
];

/** Suites that take minutes, the longest first: they start before all others. */
const LONGEST = [
  'end-to-end/real-model',
  'sandbox/escapes-layers',
  'end-to-end/same-text',
  'text-readers',
  'end-to-end/workflow-tasks',
  'sandbox/escapes-suite',
  'sandbox/sandbox',
  'sandbox/layers',
];

const ENDING = '.test.ts';

/** All suites, such as `api/json` for test/api/json.test.ts. */
const SUITES = readdirSync(__dirname, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith(ENDING))
  .map((file) => file.slice(0, -ENDING.length).replaceAll(sep, '/'));

/**
 * Whether a list names a suite or a folder around it.
 * @param {string[]} names
 * @param {string} suite
 */
function isNamed(names, suite) {
  return names.some((name) => (name.endsWith('/') ? suite.startsWith(name) : suite === name));
}

/** @param {string} suite @returns {'unit' | 'servers' | 'alone'} */
function findGroup(suite) {
  if (isNamed(ALONE, suite)) return 'alone';
  return isNamed(UNIT, suite) && !isNamed(LONG, suite) ? 'unit' : 'servers';
}

/**
 * Returns the files of a group's suites.
 * @param {'unit' | 'servers' | 'alone'} group
 */
function listFiles(group) {
  return SUITES.filter((suite) => findGroup(suite) === group).map((suite) => join(__dirname, suite + ENDING));
}

/**
 * Returns a suite's place among those that start first: the lower, the earlier.
 * @param {string} file
 */
function findRank(file) {
  const at = LONGEST.findIndex((name) => file === join(__dirname, name + ENDING));
  return at < 0 ? LONGEST.length : at;
}

module.exports = { NAMES: [...UNIT, ...LONG, ...ALONE, ...LONGEST], SUITES, findRank, isNamed, listFiles };
