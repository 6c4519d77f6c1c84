import { debianPackages } from '../debian-packages';
import { Source } from '../source';
import { MongodbProgram } from './mongodb-program';

/** Debian's DocumentDB: MongoDB's semantics on PostgreSQL, from Debian's package mirror. nats-server comes along, for what has no mongod has none either. */
export const debianDocumentdb = (cacheDirectory: string, log: (line: string) => void): Source<MongodbProgram> => ({
  name: "Debian's DocumentDB",
  find: async () => {
    try {
      const prefix = await debianPackages(cacheDirectory, ['nats-server', 'documentdb'], log);
      return { value: { kind: 'documentdb', prefix }, reason: 'single-node preview, for development and tests; production is MongoDB 8' };
    } catch (error) { return { missing: error instanceof Error ? error.message : String(error) }; }
  },
});
