// node .ci/sum-results.js <folder of Jest's JSON results> [failed step …]
// Prints the names of what has failed, and the count of all runs in the last line. Exits with 1 if anything has failed.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const [folder, ...failedSteps] = process.argv.slice(2);
const runs = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));

const passed = runs.reduce((sum, { numPassedTests }) => sum + numPassedTests, 0);
const failedTests = runs.flatMap(({ testResults }) => testResults).flatMap(failuresOf);
// A step may fail without a test: it is counted itself, so that no failed run ends with "0 failed".
const failed = failedTests.length > 0 ? failedTests.length : failedSteps.length;

console.log();
for (const step of failedSteps) console.log(`failed step: ${step}`);
for (const test of failedTests) console.log(`failed test: ${test}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** The failed tests of a file; the file itself, if it failed before it had any. */
function failuresOf({ name, status, assertionResults }) {
  const file = relative(process.cwd(), name);
  const failures = assertionResults.filter((test) => test.status === 'failed');
  if (status === 'failed' && failures.length === 0) {
    return [file];
  }
  return failures.map(({ fullName }) => `${file}: ${fullName}`);
}
