import { PbxUseCases } from './pbx-use-cases';
import { PbxYoga, pbxYoga } from './pbx-yoga';
import { SchemaCache } from './schema-cache';
import { scopedSchema } from './scoped-schema';

/** So many sets of scopes are kept ready; of more, the longest unused is cut again when it comes. */
const SCHEMAS = 200;

/** The GraphQL API and what it is made of. */
export class GqlServer {
  readonly yoga: PbxYoga;

  constructor(readonly does: PbxUseCases, log: (error: unknown) => void) {
    this.yoga = pbxYoga({ schemas: new SchemaCache(SCHEMAS, scopedSchema), log });
  }
}
