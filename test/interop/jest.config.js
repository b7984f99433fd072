// Clients in other languages, which need more than npm installs: so `npm test` leaves them to `.ci/run`. By hand:
// npm test -- --config test/interop/jest.config.js
import config from '../../jest.config.js';

const integration = config.projects.find(({ displayName }) => displayName === 'integration');

export default {
  ...integration,
  rootDir: '../..',
  displayName: 'interop',
  testMatch: ['<rootDir>/test/interop/**/*.test.ts'],
};
