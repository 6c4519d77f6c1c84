// The order of the test files where nothing is known of an earlier run: whole systems first, so that no worker is left alone with one at the end.
const { default: Sequencer } = require('@jest/test-sequencer');
const PROJECTS = ['e2e', 'int', 'unit'];
const rank = ({ context }) => PROJECTS.indexOf(context.config.displayName.name);
module.exports = class SlowestFirst extends Sequencer { sort(tests) { return super.sort(tests).toSorted((a, b) => rank(a) - rank(b)); } };
