import { z } from 'zod';
import { pbxScope } from '../scopes/pbx-scopes';
import { without } from '../without';
import { DescribedRoute } from './described-routes';
import { Operation, statusOf } from './operation.decorator';

type Json = Readonly<Record<string, unknown>>;
const FORM = 'application/x-www-form-urlencoded', JSON_TYPE = 'application/json';
const refusals: Readonly<Record<string, string>> = {
  400: 'What was asked is not understood; error_description names the field', 401: 'No token, or not an active one',
  403: 'The token lacks the scope, or its access level, role, read_only or kind of account forbids it; status and scope say which',
  404: 'There is no such thing, or it is none of the caller\'s business', 409: 'It is not in a state for that', 429: 'Too many requests within a minute', 503: 'Try again after Retry-After',
};
const ErrorAnswer = z.strictObject({ error: z.string(), error_description: z.string(), status: z.string().optional(), scope: z.string().optional() }).meta({ id: 'Error' });

/** Turns schemas into JSON Schema, and gathers those that have a name. */
class Schemas {
  readonly named: Record<string, unknown> = {};

  of(schema: z.ZodType): Json {
    const whole = z.toJSONSchema(schema, { override: ({ jsonSchema }) => { if (jsonSchema.format !== undefined) delete jsonSchema.pattern; } });
    for (const [name, definition] of Object.entries(whole.$defs ?? {})) this.named[name] = referring(definition);
    return referring(without(whole, '$defs', '$schema'));
  }
}

const referring = (value: object): Json => z.record(z.string(), z.unknown()).parse(JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/')));

/** The description of the REST API (OpenAPI 3.1), from the schemas that judge its requests. `url`: its origin. */
export function openApi(routes: readonly DescribedRoute[], url: string): Json {
  const schemas = new Schemas(), paths: Record<string, Record<string, Json>> = {};
  const refused = { content: { [JSON_TYPE]: { schema: schemas.of(ErrorAnswer) } } };
  for (const { method, path, parameters, operation, tag } of routes) {
    const { scope, summary, deprecated, administrators } = operation, { access_level } = pbxScope(scope), write = scope.split(':')[2] === 'write';
    (paths[path] ??= {})[method.toLowerCase()] = {
      operationId: `${method.toLowerCase()}${path.replace('/api/', ' ').replaceAll(/[^A-Za-z]+(\w)/g, (_all, first: string) => first.toUpperCase()).replaceAll(/\W/g, '')}`, tags: [tag], summary,
      ...(deprecated && { deprecated }), security: [{ oauth2: [scope] }], 'x-strowger': { access_level: write ? access_level : 'call_api', write, administrators: administrators ?? false },
      parameters: [...parameters.map(name => ({ name, in: 'path', required: true, schema: { type: 'string' } })), ...queryOf(operation, schemas)],
      ...(operation.body && { requestBody: { required: true, content: bodies(schemas.of(operation.body)) } }),
      responses: { [statusOf(operation)]: answerOf(operation, schemas), ...Object.fromEntries(Object.entries(refusals).map(([status, description]) => [status, { description, ...refused }])) },
    };
  }
  return {
    openapi: '3.1.0', info: { title: 'PBX API', version: '1', description: 'The REST API of a PBX. What a token may do is its scope, bounded by access level, role, read_only and kind of account.' },
    servers: [{ url }], paths,
    components: { schemas: schemas.named, securitySchemes: { oauth2: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: '/oauth/token', scopes: scopesOf(routes) }, authorizationCode: { authorizationUrl: '/oauth/authorize', tokenUrl: '/oauth/token', scopes: scopesOf(routes) } } } } },
  };
}

const scopesOf = (routes: readonly DescribedRoute[]): Record<string, string> => Object.fromEntries(routes.map(({ operation: { scope } }) => [scope, pbxScope(scope).description]));
const bodies = (schema: Json) => ({ [JSON_TYPE]: { schema }, [FORM]: { schema } });

function queryOf({ query }: Operation, schemas: Schemas): Json[] {
  return Object.entries(query?.shape ?? {}).map(([name, schema]) => ({ name, in: 'query', required: !z.safeParse(schema, undefined).success, schema: schemas.of(asType(schema)) }));
}

function asType(schema: unknown): z.ZodType {
  if (schema instanceof z.ZodType) return schema;
  throw new Error('a query is made of schemas');
}

function answerOf({ answer, media }: Operation, schemas: Schemas): Json {
  if (answer) return { description: 'What was asked for', content: { [JSON_TYPE]: { schema: schemas.of(answer) } } };
  return media === undefined ? { description: 'Done' } : { description: 'What was asked for', content: { [media]: { schema: { type: 'string', format: 'binary' } } } };
}
