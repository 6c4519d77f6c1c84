import { findProgram, isAtLeast, versionOf } from '../program-version';
import { Source } from '../source';
import { LEAST_NATS_VERSION, NatsProgram } from './nats-program';

/** A nats-server on PATH that is new enough. */
export const installedNats = (path: readonly string[]): Source<NatsProgram> => ({
  name: 'nats-server on PATH',
  find: async () => {
    const program = findProgram('nats-server', path);
    if (program === undefined) return { missing: 'there is none' };
    const version = await versionOf(program);
    if (version === undefined) return { missing: `${program} does not run` };
    if (!isAtLeast(version, LEAST_NATS_VERSION)) return { missing: `${program} is ${version}, ${LEAST_NATS_VERSION} is needed` };
    return { value: { kind: 'nats-server', program }, reason: `${program}, ${version}` };
  },
});
