import { base } from './jest.config.mjs';

/** Real processes, from the built files. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/integration/**/*.test.ts'],
  moduleNameMapper: { '^millrace$': '<rootDir>/dist/index.js' },
  modulePathIgnorePatterns: ['<rootDir>/node_modules/.cache/'],
};
