export const FORGET = `DELETE FROM gw.retry WHERE at < now() - interval '30 minutes'`;
export const BEGIN = `BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = '2s'`;
export const REMEMBER_COMMIT = `INSERT INTO gw.retry AS t (session, number) VALUES ($1, $2)
  ON CONFLICT (session) DO UPDATE SET number = excluded.number, result = NULL, at = now()`;
export const COMMITTED = 'SELECT 1 FROM gw.retry WHERE session = $1 AND number = $2';
export const WRITE = 'SELECT gw.write($1, $2, $3, $4, $5, $6)';
export const WRITES: ReadonlySet<string> = new Set(['insert', 'update', 'delete', 'findAndModify']);

const bson = (parameter: number): string => `$${String(parameter)}::bytea::documentdb_core.bson`;
const page = (api: string): string =>
  `SELECT cursorpage::bytea, continuation::bytea, persistconnection, cursorid::text FROM documentdb_api.${api}($1, ${bson(2)}, 0)`;
/** Commands that open a cursor: parameters are the database and the command. */
export const FIRST_PAGE: ReadonlyMap<string, string> = new Map([
  ['find', page('find_cursor_first_page')], ['aggregate', page('aggregate_cursor_first_page')],
  ['listCollections', page('list_collections_cursor_first_page')], ['listIndexes', page('list_indexes_cursor_first_page')],
]);
export const GET_MORE = `SELECT cursorpage::bytea, continuation::bytea FROM documentdb_api.cursor_get_more($1, ${bson(2)}, ${bson(3)})`;

/** A command that is one call: its SQL, and which of database, command and collection are its parameters. */
export interface Call { readonly sql: string; readonly parameters: readonly ('database' | 'raw' | 'collection')[] }
const call = (sql: string, ...parameters: Call['parameters']): Call => ({ sql, parameters });
export const SIMPLE: ReadonlyMap<string, Call> = new Map([
  ['count', call(`SELECT document::bytea FROM documentdb_api.count_query($1, ${bson(2)})`, 'database', 'raw')],
  ['distinct', call(`SELECT document::bytea FROM documentdb_api.distinct_query($1, ${bson(2)})`, 'database', 'raw')],
  ['listDatabases', call(`SELECT list_databases::bytea FROM documentdb_api.list_databases(${bson(1)})`, 'raw')],
]);
const CREATE_INDEXES = `SELECT create_indexes_non_concurrently::bytea FROM documentdb_api_internal.create_indexes_non_concurrently($1, ${bson(2)}, true)`;
export const DDL: ReadonlyMap<string, Call> = new Map([
  ['createIndexes', call(CREATE_INDEXES, 'database', 'raw')],
  ['dropIndexes', call(`CALL documentdb_api.drop_indexes($1, ${bson(2)}, NULL)`, 'database', 'raw')],
  ['create', call('SELECT documentdb_api.create_collection($1, $2)', 'database', 'collection')],
  ['drop', call('SELECT documentdb_api.drop_collection($1, $2)', 'database', 'collection')],
  ['dropDatabase', call('SELECT documentdb_api.drop_database($1)', 'database')],
]);
