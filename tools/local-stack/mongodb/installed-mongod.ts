import { findProgram, isAtLeast, versionOf } from '../program-version';
import { Source } from '../source';
import { MongodbProgram } from './mongodb-program';

const LEAST_VERSION = '7.0';

/** A mongod on PATH. */
export const installedMongod = (path: readonly string[]): Source<MongodbProgram> => ({
  name: 'mongod on PATH',
  find: async () => {
    const program = findProgram('mongod', path);
    if (program === undefined) return { missing: 'there is none' };
    const version = await versionOf(program);
    if (version === undefined) return { missing: `${program} does not run` };
    if (!isAtLeast(version, LEAST_VERSION)) return { missing: `${program} is ${version}, ${LEAST_VERSION} is needed` };
    return { value: { kind: 'mongod', program }, reason: `${program}, ${version}` };
  },
});
