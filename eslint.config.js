// Typed rules for everything TypeScript; in src/ also bans on whatever would make a run
// unrepeatable: time, randomness, timers, sockets and the process come in through ports, and only
// src/runtime/node/ may fetch them from Node.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const BY_PORT = 'Only src/runtime/node/ may use this; protocol code takes it through a port.';

const ambientGlobals = [
  'process',
  'console',
  'performance',
  'crypto',
  'Buffer',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'fetch',
  'navigator',
  'global',
  'globalThis',
  'require',
].map((name) => ({ name, message: BY_PORT }));

const ambientProperties = [
  { object: 'Date', property: 'now', message: BY_PORT },
  { object: 'Math', property: 'random', message: BY_PORT },
];

const ambientSyntax = [
  { selector: "NewExpression[callee.name='Date']", message: BY_PORT },
  { selector: "CallExpression[callee.name='Date']", message: BY_PORT },
  { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
  { selector: "ExportSpecifier[exported.name='default']", message: 'Named exports only.' },
];

const nodeModules = {
  paths: [],
  patterns: [{ regex: '^node:(?!events$|util$)', message: BY_PORT }],
};

// AES-GCM, the cipher of the memberlist wire, is a pure function that Node computes natively.
const nodeModulesOfCiphers = {
  paths: [
    {
      name: 'node:crypto',
      allowImportNames: ['createCipheriv', 'createDecipheriv', 'createHash', 'timingSafeEqual'],
      message: BY_PORT,
    },
  ],
  patterns: [{ regex: '^node:(?!events$|util$|crypto$)', message: BY_PORT }],
};

// Text out of bytes and back is a pure function too, and of Buffer's an order faster than any other.
const nodeModulesOfBytes = {
  paths: [{ name: 'node:buffer', allowImportNames: ['Buffer'], message: BY_PORT }],
  patterns: [{ regex: '^node:(?!events$|util$|buffer$)', message: BY_PORT }],
};

const safeTestCalls = [
  { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite'] },
];

export default defineConfig(
  {
    ignores: [
      'dist/',
      '.test-dist/',
      'coverage/',
      'node_modules/',
      'src/codec/generated/',
      'test/interop/vectors/',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      eqeqeq: 'error',
      'no-control-regex': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { allowDefaultCaseForExhaustiveSwitch: false, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: safeTestCalls },
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // "as T" after a check of the index says more than a silent assertion would.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/runtime/node/**'],
    rules: {
      'no-restricted-globals': ['error', ...ambientGlobals],
      'no-restricted-properties': ['error', ...ambientProperties],
      'no-restricted-syntax': ['error', ...ambientSyntax],
      'no-restricted-imports': ['error', nodeModules],
    },
  },
  {
    files: ['src/codec/*cipher*.ts', 'src/codec/aes*.ts'],
    rules: { 'no-restricted-imports': ['error', nodeModulesOfCiphers] },
  },
  {
    files: ['src/codec/kept-bytes.ts'],
    rules: { 'no-restricted-imports': ['error', nodeModulesOfBytes] },
  },
  {
    files: ['src/runtime/node/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...ambientSyntax.slice(2)] },
  },
  {
    files: [
      'test/**/*.ts',
      'benchmarks/**/*.ts',
      'demo/**/*.ts',
      'examples/**/*.ts',
      'fuzz/**/*.ts',
      'sim/**/*.ts',
    ],
    rules: {
      // Doubles of ports have methods that do nothing, and tests look into what they know is there.
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.js'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
    rules: {
      'no-undef': 'error',
      'no-unused-vars': 'error',
      eqeqeq: 'error',
      'prefer-const': 'error',
    },
  },
);
