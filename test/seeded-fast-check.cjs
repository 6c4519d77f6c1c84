// What `import fc from 'fast-check'` is in every test (jest.config.cjs): fast-check with a fixed seed, so that a run of the tests judges the commit
// and not the dice. `PROPERTY_SEED=number` or `PROPERTY_SEED=random` hunts elsewhere; what it finds becomes an example in the spec.
const fc = require('../node_modules/fast-check');
const wanted = process.env.PROPERTY_SEED ?? '20261121';
if (wanted !== 'random' && !/^-?\d{1,10}$/.test(wanted)) throw new Error(`PROPERTY_SEED must be a whole number or random, and is ${wanted}`);
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });
module.exports = fc;
