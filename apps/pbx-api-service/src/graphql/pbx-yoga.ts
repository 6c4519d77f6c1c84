import { DocumentNode, GraphQLError, isSchema, Kind, parse, Source } from 'graphql';
import { createYoga, Plugin, YogaServerInstance } from 'graphql-yoga';
import { ApiError } from '@strowger/auth/api-error';
import { answerOf } from '@strowger/auth/api-error-answer';
import { apiErrorOf } from '@strowger/auth/api-error.filter';
import { without } from '../without';
import { EffectiveScopes, Rights } from './effective-scopes';
import { PbxContext } from './pbx-context';
import { measureQuery, QuerySize, QueryTooLarge, standardLimits } from './query-limits';
import { SchemaCache } from './schema-cache';
import { itemsBelow } from './scoped-schema';
import { graphqlError, validateScoped } from './scoped-validation';

/** What a request brings along. `count` counts one more operation of the caller's allowance, and throws where it is used up. */
export interface GqlRequest extends PbxContext { readonly scopes: EffectiveScopes; readonly rights: Rights; readonly count: () => void }
/** `log`: what went wrong inside. */
export interface PbxYogaParts { readonly schemas: SchemaCache; readonly log: (error: unknown) => void }
export type PbxYoga = YogaServerInstance<GqlRequest, object>;

/**
 * The GraphQL server: each request is answered by the schema cut for its token. A query is measured before it is looked at, and every
 * field of its root counts as a request of the caller's allowance.
 */
export const pbxYoga = ({ schemas, log }: PbxYogaParts): PbxYoga => createYoga<GqlRequest>({
  schema: ({ scopes }) => schemas.of(scopes),
  graphqlEndpoint: '/api/gql', graphiql: false, landingPage: false, batching: false, multipart: false, cors: false, logging: false, parserAndValidationCache: false,
  maskedErrors: { maskError: error => masked(error, log) },
  plugins: [limited],
});

/** What a document was found to ask, until it is judged. */
const sizes = new WeakMap<DocumentNode, QuerySize>();

const limited: Plugin<GqlRequest> = {
  onParse: ({ setParseFn }) => {
    setParseFn((source: string | Source) => {
      try {
        const document = parse(source, { maxTokens: standardLimits.tokens, noLocation: false });
        sizes.set(document, measureQuery(document, itemsBelow));
        return document;
      } catch (error) {
        throw unreadable(error);
      }
    });
  },
  onValidate: ({ context, params, setResult }) => {
    const schema: unknown = params.schema, document: unknown = params.documentAST;
    if (!isSchema(schema) || !isDocument(document)) throw new Error('there is nothing to be judged');
    try {
      for (let more = 1; more < (sizes.get(document)?.rootFields ?? 1); more++) context.count();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setResult([overLimit(error)]);
      return;
    }
    setResult([...validateScoped(schema, document, context.scopes, context.rights)]);
  },
  // Some of yoga's own errors are 200 for clients that accept plain JSON: an error is an error for every client.
  onResultProcess: ({ result }) => {
    if (Array.isArray(result) || !('errors' in result)) return;
    for (const { extensions: { http } } of result.errors ?? []) if (http?.spec === true) http.spec = false;
  },
};

const overLimit = (error: ApiError): GraphQLError => new GraphQLError(error.description, {
  extensions: { code: error.error, status: error.details.status, http: { status: error.httpStatus, spec: false, headers: without(answerOf(error).headers, 'content-type') } },
});
const isDocument = (value: unknown): value is DocumentNode => typeof value === 'object' && value !== null && 'kind' in value && value.kind === Kind.DOCUMENT;

function unreadable(error: unknown): unknown {
  if (error instanceof QueryTooLarge) return graphqlError(error.message, 'invalid_request', 400);
  if (error instanceof GraphQLError) return graphqlError(error.message, 'invalid_request', 400);
  return error;
}

/** What a caller is told of an error: a refusal of ours whole, of anything else nothing. */
function masked(error: unknown, log: (error: unknown) => void): Error {
  // Of graphql-js and of yoga themselves: a variable of another kind, no query, a mutation by GET.
  if (error instanceof GraphQLError && (!error.originalError || error.originalError instanceof GraphQLError)) return error.extensions['code'] === undefined ? graphqlError(error.message, 'invalid_request', 400) : error;
  const graphql = error instanceof GraphQLError ? error : undefined, api = apiErrorOf(graphql?.originalError ?? error);
  if (api.httpStatus >= 500) log(api.cause ?? error);
  const { status, scope } = api.details;
  return new GraphQLError(api.description, {
    nodes: graphql?.nodes ?? null, path: graphql?.path ?? null,
    extensions: { code: api.error, ...(status !== undefined && { status }), ...(scope !== undefined && { scope }) },
  });
}
