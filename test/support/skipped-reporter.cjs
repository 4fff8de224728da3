'use strict';

const { relative } = require('node:path');

/** Names the tests that did not run: jest only counts them, and a test that is skipped for lack of its data, say, must
 *  not pass for one that passed. */
module.exports = class SkippedReporter {
  constructor(config) {
    this.rootDir = config.rootDir;
    this.onlySome = Boolean(config.testNamePattern);
  }

  onRunComplete(_contexts, results) {
    // With `-t` what doesn't match is skipped on purpose.
    if (this.onlySome) return;

    const lines = results.testResults.flatMap(({ testFilePath, testResults }) =>
      testResults
        .filter(({ status }) => status === 'pending' || status === 'todo')
        .map(({ fullName }) => `  ○ ${relative(this.rootDir, testFilePath)} › ${fullName}`),
    );
    if (lines.length > 0) process.stderr.write(`\nNot run:\n${lines.join('\n')}\n`);
  }
};
