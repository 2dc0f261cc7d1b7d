// @ts-check
// The order in which jest starts suites: on a machine that has never run them it knows only the sizes of their files, and would end with
// one worker that still runs a long suite while the others have nothing left to do.

const { default: Sequencer } = require('@jest/test-sequencer');
const { findRank } = require('./groups.cjs');

module.exports = class LongestFirst extends Sequencer {
  /**
   * @override
   * @param {Parameters<InstanceType<typeof Sequencer>['sort']>[0]} suites
   */
  async sort(suites) {
    const others = await super.sort(suites);
    return [...others].sort((a, b) => findRank(a.path) - findRank(b.path));
  }
};
