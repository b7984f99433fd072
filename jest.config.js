import { availableParallelism } from 'node:os';

// Jest runs the sources as ES modules; swc strips the types, so that a test run needs no build.
const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  testEnvironment: 'node',
};

export default {
  // Tests wait more than they compute: on a small machine, too, two at once take little more than half the time of one.
  maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
  // Servers start and stop in many tests, on machines that have other things to do.
  testTimeout: 60_000,
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/test/{unit,model}/**/*.test.ts'] },
    {
      ...shared,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/{integration,museum}/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
    },
  ],
};
