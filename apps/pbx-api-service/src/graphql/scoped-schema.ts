import { GraphQLBoolean, GraphQLFieldConfig, GraphQLFieldConfigMap, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLOutputType, GraphQLSchema, GraphQLString } from 'graphql';
import { ScopedField } from '../scopes/announced-scopes';
import { argumentsOf, fieldsOf, listsIn, Named, referencesOf } from './graphql-types';
import { mutationFields } from './mutation-fields';
import { pbxObjects } from './object-types';
import { PbxContext } from './pbx-context';
import { queryFields } from './query-fields';
import { FieldType, PbxFields } from './schema-parts';

type Fields = GraphQLFieldConfigMap<unknown, PbxContext>;
const strings = new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(GraphQLString)));
/** What the arguments of a field are never differs: made once for all schemas. */
const argumentsOfField = new Map([...Object.values(queryFields), ...Object.values(mutationFields)].flatMap(({ args }) => (args ? [[args, argumentsOf(args)] as const] : [])));

/** Types that are the same whatever the scopes: they lead nowhere else. Made once. */
const constant = new Map<string, GraphQLObjectType>();
const isConstant = (name: string): boolean => {
  const { shape, edges } = pbxObjects[name] ?? {};
  return shape !== undefined && edges === undefined && referencesOf(shape).every(isConstant);
};

/** The object types of one schema, each made when a field first leads to it. */
function typesOf(configOf: (fields: PbxFields, named: Named) => Fields): Named {
  const own = new Map<string, GraphQLObjectType>();
  const named: Named = name => {
    const item = name.endsWith('Page') ? name.slice(0, -'Page'.length) : undefined, types = isConstant(item ?? name) ? constant : own, made = types.get(name);
    if (made) return made;
    const type = new GraphQLObjectType<unknown, PbxContext>({ name, fields: item === undefined ? () => objectFields(name) : () => pageFields(named(item)) });
    types.set(name, type);
    return type;
  };
  const objectFields = (name: string): Fields => {
    const { shape, edges = {} } = pbxObjects[name] ?? {};
    if (!shape) throw new Error(`there is no type ${name}`);
    return { ...fieldsOf(shape, named), ...configOf(edges, named) };
  };
  return named;
}
const pageFields = (item: GraphQLObjectType): Fields => ({ items: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(item))) }, next_cursor: { type: GraphQLString } });

/**
 * The schema as far as `may` allows its scopes: what it does not is nowhere in it, neither as a field nor as a type that only such fields lead to.
 * Query always has `granted_scopes`; Mutation is there if any of its fields is.
 */
export function scopedSchema(may: (scope: string) => boolean): GraphQLSchema {
  const configOf = (fields: PbxFields, named: Named): Fields => Object.fromEntries(Object.entries(fields).filter(([, { scope }]) => scope === undefined || may(scope)).map(
    ([name, { description, type, args, resolve }]): [string, GraphQLFieldConfig<unknown, PbxContext>] =>
      [name, { description, type: outputOf(type, named), ...(args && { args: argumentsOfField.get(args) ?? {} }), resolve }],
  ));
  const named = typesOf(configOf), mutation = configOf(mutationFields, named);
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: configOf(queryFields, named) }),
    ...(Object.keys(mutation).length > 0 && { mutation: new GraphQLObjectType({ name: 'Mutation', fields: mutation }) }),
    // The whole schema is validated by a test; parts of a valid one are valid.
    assumeValid: true,
  });
}

function outputOf(type: FieldType, named: Named): GraphQLOutputType {
  if (type === 'boolean') return new GraphQLNonNull(GraphQLBoolean);
  if (type === 'strings') return strings;
  if ('pageOf' in type) return new GraphQLNonNull(named(`${type.pageOf}Page`));
  if ('listOf' in type) return new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(named(type.listOf))));
  return type.nullable ? named(type.object) : new GraphQLNonNull(named(type.object));
}

/** Every field that needs a scope, as `Query.calls`. */
export const scopedFields: readonly ScopedField[] = [['Query', queryFields] as const, ['Mutation', mutationFields] as const, ...Object.entries(pbxObjects).map(([name, { edges = {} }]) => [name, edges] as const)]
  .flatMap(([type, fields]) => Object.entries(fields).flatMap(([field, { scope }]) => (scope === undefined ? [] : [{ field: `${type}.${field}`, scope }])));

/** The fields that give many: what is below them costs as often as there may be items. */
const many = new Map<string, 'page' | number>([
  ...Object.values(pbxObjects).flatMap(({ shape }) => listsIn(shape)),
  ...[queryFields, ...Object.values(pbxObjects).map(({ edges = {} }) => edges)].flatMap(fields => Object.entries(fields).flatMap(([name, { type }]): (readonly [string, 'page' | number])[] =>
    (typeof type !== 'object' ? [] : 'pageOf' in type ? [[name, 'page']] : 'listOf' in type ? [[name, type.atMost]] : []))),
]);
/** How many items are below a field of this name, at most; of a page, as many as were asked for. */
export const itemsBelow = (field: string): 'page' | number => many.get(field) ?? 1;
