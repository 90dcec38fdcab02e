import { availableParallelism } from 'node:os';
import { base } from './jest.config.mjs';

/** Real processes, from the built files. */
export default {
  ...base,
  // They wait a lot: for processes, and for what those wait for.
  maxWorkers: availableParallelism() + 1,
  testMatch: ['<rootDir>/test/integration/**/*.test.ts'],
  moduleNameMapper: { '^millrace$': '<rootDir>/dist/index.js' },
  modulePathIgnorePatterns: ['<rootDir>/node_modules/.cache/'],
};
