import { ASTVisitor, DocumentNode, FieldsOnCorrectTypeRule, GraphQLError, GraphQLSchema, Kind, OperationTypeNode, specifiedRules, validate, ValidationContext } from 'graphql';
import { Refusal } from '@strowger/oauth-core/rights';
import { EffectiveScopes, Rights } from './effective-scopes';
import { scopedFields } from './scoped-schema';

/** graphql-js guesses at what was meant; nobody is helped to find a field by guessing. */
const SUGGESTION = / Did you mean [^]*$/;
const scopeOf: ReadonlyMap<string, string> = new Map(scopedFields.map(({ field, scope }) => [field, scope]));
const rules = specifiedRules.filter(rule => rule !== FieldsOnCorrectTypeRule);

/** A refusal as GraphQL tells it; `status` is HTTP's, whatever media type the client accepts. */
export const graphqlError = (message: string, code: string, status: number, more: object = {}): GraphQLError => new GraphQLError(message, { extensions: { code, ...more, http: { status, spec: false } } });
const refused = ({ error, status, scope, description }: Refusal): GraphQLError => graphqlError(description, error, 403, { status, ...(scope !== undefined && { scope }) });

/**
 * Judges a document by the schema that was cut for its token. Of a field that is not there nothing is said but that, whether it exists for others or for
 * nobody; only a token that has another scope of the same module is told which one it lacks.
 */
export function validateScoped(schema: GraphQLSchema, document: DocumentNode, scopes: EffectiveScopes, rights: Rights): readonly GraphQLError[] {
  return validate(schema, document, [...rules, context => missingFields(context, scopes, rights)], { maxErrors: 20 })
    .map(error => (SUGGESTION.test(error.message) ? new GraphQLError(error.message.replace(SUGGESTION, ''), { nodes: error.nodes ?? null, extensions: error.extensions }) : error))
    .map(error => (error.extensions['code'] === undefined ? graphqlError(error.message, 'invalid_request', 400) : error));
}

function missingFields(context: ValidationContext, scopes: EffectiveScopes, rights: Rights): ASTVisitor {
  const report = (type: string, field: string): void => {
    const scope = scopeOf.get(`${type}.${field}`), refusal = scope === undefined ? undefined : scopes.refusal(scope);
    context.reportError(refusal ? refused(refusal) : graphqlError(`Cannot query field "${field}" on type "${type}".`, 'invalid_request', 400));
  };
  return {
    OperationDefinition({ operation, selectionSet }) {
      if (operation !== OperationTypeNode.MUTATION || context.getSchema().getMutationType()) return;
      // There is no type to look into: the fields are judged by their names.
      if (rights.read_only) { context.reportError(graphqlError('the account is read_only: GET, HEAD and GraphQL queries only', 'access_denied', 403, { status: 'user_access_type_deny' })); return; }
      for (const selection of selectionSet.selections) if (selection.kind === Kind.FIELD) report('Mutation', selection.name.value);
      if (selectionSet.selections.every(selection => selection.kind !== Kind.FIELD)) context.reportError(graphqlError('the schema has no mutations for this token', 'invalid_request', 400));
    },
    Field({ name }) {
      const type = context.getParentType();
      if (type && !context.getFieldDef()) report(type.name, name.value);
    },
  };
}
