// @ts-check
// Lint rules of the code base: allowed imports between folders, maximum lengths of files and functions, no floating promises.
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import importX from 'eslint-plugin-import-x';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

const NODE_BUILT_INS = [
  { group: ['node:*'], message: 'This folder is part of the workflow bundle: no Node built-ins.' },
];

/** Folders that may be imported by workflows and by the dashboard, and therefore contain only code that runs in both. */
const BUNDLED = ['contract', 'events', 'answers'];

/**
 * Forbids a folder of src to import other folders and packages.
 * @param {string} folder
 * @param {(string | string[])[]} forbidden patterns of imports
 * @param {string} message
 * @returns {import('eslint').Linter.Config}
 */
const forbidImports = (folder, forbidden, message) => ({
  files: [`src/${folder}/**/*.{ts,tsx}`],
  rules: {
    'no-restricted-imports': 'off',
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          ...forbidden.map((group) => ({ group: [group].flat(), message })),
          ...(BUNDLED.includes(folder) ? NODE_BUILT_INS : []),
        ],
      },
    ],
  },
});

export default defineConfig(
  {
    ignores: ['dist/', 'node_modules/', '.data/', 'coverage/', 'docs/', 'jest.config.js'],
  },
  js.configs.recommended,
  {
    // scripts for QuickJS, each of which is a single expression
    files: ['src/sandbox/guest/prelude/*.js'],
    languageOptions: { sourceType: 'script', globals: { InternalError: 'readonly' } },
  },
  {
    files: ['src/**/*.{ts,tsx,js}', '{bootstrap,tools}/**/*.{mjs,cjs}'],
    plugins: { regexp },
    rules: {
      // also reports patterns that are slow only for text that an attacker would write
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential', ignorePartial: false }],
    },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.recommended],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true } },
    settings: {
      'import-x/resolver-next': [importX.createNodeResolver({ extensions: ['.ts', '.tsx', '.js'] })],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
      'import-x/extensions': ['.ts', '.tsx'],
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'import-x/no-cycle': 'error',
      eqeqeq: ['error', 'always'],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      complexity: ['error', 10],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        {
          zones: [
            {
              target: ['./src/*.ts', './src/!(cli|dev-stack)/**/*'],
              from: ['./src/cli/**/*', './src/dev-stack/**/*', './bootstrap/**/*'],
              message: 'The product runs without the programs that start it on one machine.',
            },
            {
              target: './src/dev-stack/**/*',
              from: ['./src/!(dev-stack|contract|config|gateway)/**/*', './src/gateway/*.ts', './src/!(printable).ts'],
              message:
                'src/dev-stack starts the product as processes: it knows the contract, the settings and the gateways.',
            },
            {
              target: './src/cli/**/*',
              from: ['./src/!(cli|dev-stack|contract|config|events)/**/*', './src/!(printable).ts'],
              message: 'src/cli knows the dev stack, the contract and what follows from events.',
            },
          ],
        },
      ],
    },
  },
  forbidImports('contract', ['../*'], 'Every module imports the contract; it imports no module.'),
  forbidImports(
    'events',
    [['../*', '!../contract', '!../contract/*']],
    'src/events derives from events: pure functions that know the contract alone.',
  ),
  forbidImports(
    'answers',
    [['../*', '!../contract', '!../contract/*']],
    'src/answers reads the texts of turns: pure functions that know the contract alone.',
  ),
  {
    files: ['src/workflows/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            ...NODE_BUILT_INS,
            {
              group: ['**/redis/*', '**/gateway/*', '**/api/*'],
              message: 'Workflows reach the world through activities.',
            },
            {
              regex: '^[.][.]/([.][.]/)?activities(/.*)?$',
              allowTypeImports: true,
              message: 'Activities by type only.',
            },
            {
              regex:
                '(/contract(/(index|events|requests|swarms|graph|steering|structures|fork|shapes|runs|turns|checks|session|snapshots|.*replies|.*schemas|gateways|field-rules))?|^zod)$',
              allowTypeImports: true,
              message: 'Schemas as types only: zod stays out of the bundle.',
            },
          ],
        },
      ],
    },
  },
  forbidImports(
    'redis',
    [
      ['**/gateway/*', '**/api/*', '**/activities/*', '**/workflows/*'],
      ['openai', 'koa', '@temporalio/*'],
    ],
    'src/redis knows Redis and the contract.',
  ),
  forbidImports(
    'gateway',
    [
      ['**/redis/*', '**/api/*', '**/activities/*', '**/workflows/*'],
      ['ioredis', 'koa', '@temporalio/*'],
    ],
    'src/gateway knows gateways and the contract.',
  ),
  forbidImports(
    'activities',
    [
      ['**/api/*', '**/workflows/*'],
      ['koa', 'ioredis', '@temporalio/client', '@temporalio/worker'],
    ],
    'Activities get their connections handed in.',
  ),
  forbidImports(
    'model-call',
    [
      ['**/api/*', '**/workflows/*', '**/activities/*', '**/verification/*', '**/sandbox/*'],
      ['koa', 'ioredis', '@temporalio/client', '@temporalio/worker'],
    ],
    'src/model-call makes one model call, from its admission to its account, with the connections that the activity hands in.',
  ),
  forbidImports(
    'verification',
    [
      ['**/api/*', '**/workflows/*', '**/activities/*', '**/model-call/*', '**/gateway/*'],
      ['openai', 'koa', 'ioredis', '@temporalio/*'],
    ],
    'src/verification reads answers and requests: it knows the contract and the sandbox.',
  ),
  forbidImports(
    'metrics',
    [
      ['**/gateway/*', '**/api/*', '**/activities/*', '**/workflows/*'],
      ['openai', 'ioredis', 'koa', '@temporalio/*'],
    ],
    'Metrics are counted from events, and know no one who causes them.',
  ),
  forbidImports(
    'sandbox',
    [
      ['**/redis/*', '**/gateway/*', '**/api/*', '**/activities/*', '**/workflows/*'],
      ['openai', 'ioredis', 'koa', '@temporalio/*'],
    ],
    'The sandbox runs code and knows the contract, nothing else.',
  ),
  forbidImports(
    'access',
    [
      ['**/redis/*', '**/gateway/*', '**/api/*', '**/activities/*', '**/workflows/*', '**/contract/*'],
      ['openai', 'ioredis', 'koa', '@temporalio/*'],
    ],
    'Every server that listens on this machine uses the access policy; it imports none of them.',
  ),
  forbidImports(
    'local-model',
    [['**/redis/*', '**/gateway/*', '**/api/*', '**/activities/*', '**/workflows/*']],
    'The local model is a program of its own.',
  ),
  {
    files: ['src/dashboard/**/*.{ts,tsx}'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:*'], message: 'The dashboard runs in browsers: no Node built-ins.' },
            {
              regex:
                '^([.][.]/)+(?!contract(/|$))(redis|gateway|api|activities|workflows|local-model|sandbox|config|log|worker)',
              message: 'The dashboard knows the API by the contract only.',
            },
            {
              regex:
                '(/contract(/(index|events|requests|swarms|graph|runs|turns|checks|session|snapshots|structures|.*replies))?|^zod)$',
              allowTypeImports: true,
              message: 'Schemas as types only: zod stays out of the page.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/api/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '(/gateway/|/activities(/|$)|/model-call/|/verification/|^openai(/|$))',
              message: 'The API never meets a gateway.',
            },
            {
              regex: '/workflows(/(?!registry$|run-graph$).*)?$',
              allowTypeImports: true,
              message: 'Workflows by type only, except what patterns declare.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['{bootstrap,tools}/**/*.{mjs,cjs}', 'test/**/*.cjs', 'eslint.config.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        require: 'readonly',
        module: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        setImmediate: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        AbortController: 'readonly',
        AbortSignal: 'readonly',
        TextDecoder: 'readonly',
        TextEncoder: 'readonly',
        performance: 'readonly',
      },
    },
  },
);
