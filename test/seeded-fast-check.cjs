// What `import fc from 'fast-check'` is in every test (jest.config.cjs): fast-check with a fixed seed, so that a run of the tests judges the commit
// and not the dice. `PROPERTY_SEED=number` or `PROPERTY_SEED=random` hunts elsewhere, `PROPERTY_TIMES=number` with so many times each property's own
// number of inputs; `npm run test:trials -- properties` does both. What is found becomes an example in the spec.
// By its file: the folder's own entry is an ES module, which jest on Node 20 cannot require.
const fc = require('../node_modules/fast-check/lib/cjs/fast-check.js');
const wanted = process.env.PROPERTY_SEED ?? '20261121', times = Number(process.env.PROPERTY_TIMES ?? 1), RUNS = 100;
if (wanted !== 'random' && !/^-?\d{1,10}$/.test(wanted)) throw new Error(`PROPERTY_SEED must be a whole number or random, and is ${wanted}`);
if (!Number.isInteger(times) || times < 1) throw new Error(`PROPERTY_TIMES must be a whole number from 1, and is ${process.env.PROPERTY_TIMES}`);
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });
const more = (parameters = {}) => ({ ...parameters, numRuns: (parameters.numRuns ?? RUNS) * times });
const hunting = { ...fc, assert: (property, parameters) => fc.assert(property, more(parameters)), check: (property, parameters) => fc.check(property, more(parameters)) };
module.exports = times === 1 ? fc : { ...hunting, default: hunting, __esModule: true };
