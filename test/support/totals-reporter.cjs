'use strict';

const { writeFileSync } = require('node:fs');

/** Writes jest's totals to the file that TEST_TOTALS names, for `.ci/run`. Jest's own `--json` writes the failures too, and
 *  writes nothing at all when an error in one of them refers to itself. */
module.exports = class TotalsReporter {
  onRunComplete(_contexts, results) {
    const file = process.env.TEST_TOTALS;
    if (file === undefined) return;
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests, numTodoTests } = results;
    const totals = { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests, numTodoTests };
    writeFileSync(file, JSON.stringify(totals));
  }
};
