import { availableParallelism } from 'node:os';

/** Shared by both: ES modules, TypeScript through swc, `.ts` in relative imports resolved as they stand. */
export const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript' },
          transform: { verbatimModuleSyntax: true },
        },
      },
    ],
  },
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/node_modules/.cache/'],
  // They wait as well: for the disk, for each other.
  maxWorkers: availableParallelism() + 1,
  // How long a hang is waited for. No test is about time.
  testTimeout: 120_000,
  // An open handle is a bug of ours: jest then says so and does not end.
  forceExit: false,
};

/** Without processes of ours, from the sources. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/{unit,contract,simulation}/**/*.test.ts'],
  moduleNameMapper: { '^millrace$': '<rootDir>/src/index.ts', '^millrace/port$': '<rootDir>/src/port.ts' },
};
