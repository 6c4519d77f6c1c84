import { join } from 'node:path';
import { debianPackages } from '../debian-packages';
import { versionOf } from '../program-version';
import { Source } from '../source';
import { NatsProgram } from './nats-program';

/** Debian testing's package of nats-server, unpacked into the cache. */
export const debianNats = (cacheDirectory: string, log: (line: string) => void): Source<NatsProgram> => ({
  name: "Debian's package of nats-server",
  find: async () => {
    try {
      const program = join(await debianPackages(cacheDirectory, ['nats-server'], log), 'bin/nats-server');
      return { value: { kind: 'nats-server', program }, reason: await versionOf(program) ?? 'of unknown version' };
    } catch (error) { return { missing: error instanceof Error ? error.message : String(error) }; }
  },
});
