import { GraphQLBoolean, GraphQLFieldConfigArgumentMap, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLOutputType, GraphQLScalarType, GraphQLString } from 'graphql';
import { z } from 'zod';
import { without } from '../without';

/** What of JSON Schema our shapes use. */
const Property: z.ZodType<Property> = z.lazy(() => z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(), format: z.string().optional(), enum: z.array(z.unknown()).optional(), $ref: z.string().optional(), items: Property.optional(), maxItems: z.int().optional(), anyOf: z.array(Property).optional(),
}));
interface Property { type?: string | string[] | undefined; format?: string | undefined; enum?: unknown[] | undefined; $ref?: string | undefined; items?: Property | undefined; maxItems?: number | undefined; anyOf?: Property[] | undefined }

/** A moment, ISO 8601 in UTC. */
const DateTime = new GraphQLScalarType<Date | string, string>({
  name: 'DateTime', description: 'A moment, ISO 8601 in UTC',
  serialize: value => (value instanceof Date ? value.toISOString() : String(value)), specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
});

const scalars: Readonly<Record<string, GraphQLScalarType>> = { string: GraphQLString, integer: GraphQLInt, boolean: GraphQLBoolean };

/** Gives the type that a reference names. */
export type Named = (name: string) => GraphQLObjectType;
const nameIn = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1);

function typeOf(property: Property, named: Named): GraphQLOutputType {
  if (property.$ref !== undefined) return named(nameIn(property.$ref));
  if (property.anyOf) return typeOf(property.anyOf.find(({ type }) => type !== 'null') ?? {}, named);
  const name = Array.isArray(property.type) ? property.type.find(one => one !== 'null') : property.type;
  if (name === 'array') return new GraphQLList(new GraphQLNonNull(typeOf(property.items ?? {}, named)));
  if (property.format === 'date-time') return DateTime;
  const scalar = scalars[name ?? ''];
  if (!scalar) throw new Error(`no type stands for ${JSON.stringify(property)}`);
  return scalar;
}

const isNullable = ({ type, anyOf }: Property): boolean => (Array.isArray(type) && type.includes('null')) || anyOf?.some(one => one.type === 'null') === true;
const oneOf = (property: Property): string | undefined => (property.enum ? `one of ${property.enum.map(String).join(', ')}` : undefined);

interface PropertyOf { readonly name: string; readonly property: Property; readonly required: boolean }
const known = new WeakMap<z.ZodObject, readonly PropertyOf[]>();

/** The properties of an object's schema, as JSON Schema describes them; found once. */
function propertiesOf(schema: z.ZodObject): readonly PropertyOf[] {
  const before = known.get(schema);
  if (before) return before;
  const { $ref, $defs = {}, ...whole } = z.toJSONSchema(schema), { properties = {}, required = [] } = $ref === undefined ? whole : $defs[nameIn($ref)] ?? {};
  const found = Object.entries(properties).map(([name, property]) => ({ name, property: Property.parse(property), required: required.includes(name) }));
  known.set(schema, found);
  return found;
}

/** The fields of an answer's schema as GraphQL has them, under the same names. */
export const fieldsOf = (schema: z.ZodObject, named: Named) => Object.fromEntries(propertiesOf(schema).map(({ name, property, required }) => {
  const type = typeOf(property, named);
  return [name, { type: required && !isNullable(property) ? new GraphQLNonNull(type) : type, description: oneOf(property) }];
}));

/** The names of the types that an answer's schema refers to. */
export const referencesOf = (schema: z.ZodObject): string[] => [...JSON.stringify(propertiesOf(schema).map(({ property }) => property)).matchAll(/"\$ref":"[^"]*\/(\w+)"/g)].map(([, name = '']) => name);

/**
 * The lists of objects that an answer's schema has, and how many items each may have.
 * @throws Error - one of them has no bound
 */
export const listsIn = (schema: z.ZodObject): (readonly [name: string, atMost: number])[] => propertiesOf(schema).flatMap(({ name, property: { items, maxItems } }) => {
  if (items?.$ref === undefined) return [];
  if (maxItems === undefined) throw new Error(`the list ${name} has no bound`);
  return [[name, maxItems] as const];
});

const noType: Named = name => { throw new Error(`an argument cannot be a ${name}`); };
/** The arguments of a field, of the schema that judges them. Moments come as text. */
export const argumentsOf = (schema: z.ZodObject): GraphQLFieldConfigArgumentMap => Object.fromEntries(propertiesOf(schema).map(({ name, property, required }) => {
  const type = typeOf(without(property, 'format'), noType);
  const input = type instanceof GraphQLScalarType ? type : new GraphQLList(new GraphQLNonNull(GraphQLString));
  return [name, { type: required ? new GraphQLNonNull(input) : input, description: oneOf(property) }];
}));
