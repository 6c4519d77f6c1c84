import { Supervised } from '../supervisor';

/** A MongoDB that a source has found: one that already runs, a mongod to start, or Debian's DocumentDB. */
export type MongodbProgram =
  | { readonly kind: 'external'; readonly uri: string }
  | { readonly kind: 'mongod'; readonly program: string }
  | { readonly kind: 'documentdb'; readonly prefix: string };

/** A database that runs. DocumentDB's has a gateway in front. */
export interface RunningDatabase {
  readonly uri: (database: string) => string;
  readonly database: Supervised;
  readonly gateway?: Supervised;
}
