// @ts-check
import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const tests = ['**/*.spec.ts', 'test/**/*.ts'];

/** Never through a float: an amount that has been a double is wrong in a digit nobody looks at. */
const floats = [
  {
    selector: "CallExpression[callee.property.name='toNumber']",
    message: 'Amounts and quantities stay Decimal. Where a count is meant, say why in an eslint-disable comment.',
  },
];

/** Pure code is told the time: the same input has to give the same invoice next year. */
const ownTime = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Pure code is told the time: take an instant as an argument.',
  },
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: 'Pure code is told the time: take an instant as an argument.',
  },
  {
    selector: "MemberExpression[object.name='Temporal'][property.name='Now']",
    message: 'Pure code is told the time: take an instant as an argument.',
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'Pure code repeats: take a seed or a source of randomness as an argument.',
  },
];

const parseFloatBan = { name: 'parseFloat', message: 'It yields a float. Use parseDecimal from src/kernel.' };

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', '.weir/', '.weir-demo/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  js.configs.recommended,
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: { console: 'readonly', fetch: 'readonly', process: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['**/*.{js,cjs}'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { require: 'readonly', module: 'writable', __dirname: 'readonly' },
    },
  },

  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      '@typescript-eslint/prefer-optional-chain': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-restricted-globals': ['error', parseFloatBan],
      'no-restricted-properties': [
        'error',
        { object: 'Number', property: 'parseFloat', message: parseFloatBan.message },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [{ name: 'decimal.js', message: 'Import Decimal from src/kernel, where its precision is set once.' }],
        },
      ],
      'no-restricted-syntax': ['error', ...floats],

      // A module and a provider are classes to Nest even when they are empty.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // Numbers in a sentence are counts; decimals have decimalText().
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // Ids and digits are plain letters, which spread into themselves.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // `noUncheckedIndexedAccess` asks for `!` where an index is known to be in range.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A method whose interface is asynchronous may have nothing to wait for.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['src/*/domain/**/*.ts', 'src/kernel/**/*.ts'],
    // The clock is where time comes from, and a new id is made of time and chance.
    ignores: ['src/kernel/clock.ts', 'src/kernel/ids.ts', ...tests],
    rules: {
      'no-restricted-syntax': ['error', ...floats, ...ownTime],
      'no-restricted-globals': [
        'error',
        parseFloatBan,
        ...['process', 'console', 'fetch', 'setTimeout', 'setInterval', 'setImmediate', 'performance'].map((name) => ({
          name,
          message: 'Pure code reaches nothing outside its arguments.',
        })),
      ],
    },
  },
  {
    // The kernel is the home of decimal.js and knows when a number is safe.
    files: ['src/kernel/**/*.ts'],
    rules: { 'no-restricted-imports': 'off', 'no-restricted-syntax': ['error', ...ownTime] },
  },
  {
    files: ['src/kernel/clock.ts', 'src/kernel/ids.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: tests,
    rules: {
      // The rows of a test table and the bodies of answers are untyped; what is expected of them is the check.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'no-restricted-syntax': 'off',
      'no-restricted-properties': [
        'error',
        ...['describe', 'it', 'test'].map((object) => ({
          object,
          property: 'only',
          message: 'It hides every other test of the file.',
        })),
      ],
    },
  },
  prettier,
);
