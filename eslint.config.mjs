// The house rules as lint rules: which room may import which, how long a file and a function may be, no floating promises.
import js from '@eslint/js';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const NODE_BUILT_INS = [{ group: ['node:*'], message: 'This room is part of the workflow bundle: no Node built-ins.' }];

/** A room and the rooms and packages that it must not import. */
const walls = (room, forbidden, message) => ({
  files: [`src/${room}/**/*.{ts,tsx}`],
  rules: {
    'no-restricted-imports': 'off',
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          ...forbidden.map((group) => ({ group: [group].flat(), message })),
          ...(room === 'contract' ? NODE_BUILT_INS : []),
        ],
      },
    ],
  },
});

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      '.data/',
      'coverage/',
      'docs/',
      'jest.config.js',
      'src/sandbox/inside/prelude/',
    ],
  },
  js.configs.recommended,
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
      'max-lines': ['error', { max: 250 }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      complexity: ['error', 10],
    },
  },
  walls(
    'contract',
    ['../redis/*', '../gateway/*', '../api/*', '../activities/*', '../workflows/*'],
    'Everyone imports the contract; it imports no one.',
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
                '(/contract(/(index|events|requests|swarms|own-swarms|swarm-references|steering|structures|fork|shapes))?|^zod)$',
              allowTypeImports: true,
              message: 'Schemas as types only: zod stays out of the bundle.',
            },
          ],
        },
      ],
    },
  },
  walls(
    'redis',
    [
      ['**/gateway/*', '**/api/*', '**/activities/*', '**/workflows/*'],
      ['openai', 'koa', '@temporalio/*'],
    ],
    'The Redis room knows Redis and the contract.',
  ),
  walls(
    'gateway',
    [
      ['**/redis/*', '**/api/*', '**/activities/*', '**/workflows/*'],
      ['ioredis', 'koa', '@temporalio/*'],
    ],
    'The gateway room knows gateways and the contract.',
  ),
  walls(
    'activities',
    [
      ['**/api/*', '**/workflows/*'],
      ['koa', 'ioredis', '@temporalio/client', '@temporalio/worker'],
    ],
    'Activities get their connections handed in.',
  ),
  walls(
    'metrics',
    [
      ['**/gateway/*', '**/api/*', '**/activities/*', '**/workflows/*'],
      ['openai', 'ioredis', 'koa', '@temporalio/*'],
    ],
    'Metrics are counted from events, and know no one who causes them.',
  ),
  walls(
    'sandbox',
    [
      ['**/redis/*', '**/gateway/*', '**/api/*', '**/activities/*', '**/workflows/*'],
      ['openai', 'ioredis', 'koa', '@temporalio/*'],
    ],
    'The sandbox runs code and knows the contract, nothing else.',
  ),
  walls(
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
            { group: ['node:*'], message: 'This room runs in browsers: no Node built-ins.' },
            {
              regex:
                '^([.][.]/)+(?!contract(/|$))(redis|gateway|api|activities|workflows|local-model|sandbox|config|log|worker)',
              message: 'The dashboard knows the API by the contract only.',
            },
            {
              regex: '(/contract(/(index|events|requests|swarms|frames))?|^zod)$',
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
              group: ['**/gateway/*', '**/activities', '**/activities/*', 'openai'],
              message: 'The API never meets a gateway.',
            },
            { group: ['**/workflows', '**/workflows/*'], allowTypeImports: true, message: 'Workflows by type only.' },
          ],
        },
      ],
    },
  },
  {
    files: ['bootstrap/**/*.mjs', 'test/**/*.cjs', 'eslint.config.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        require: 'readonly',
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
