import { deserialize } from 'bson';
import { Command } from './command';
import { Postgres } from './postgres';

const KEY_OF_INDEX = `SELECT (index_spec).index_name, (index_spec).index_key::bytea
  FROM documentdb_api_catalog.collection_indexes JOIN documentdb_api_catalog.collections USING (collection_id)
  WHERE database_name = $1 AND collection_name = $2 AND (index_id = $3::int OR $3::int IS NULL AND (index_spec).index_name = $4)`;

/** Words a duplicate key (11000) as mongod does, but for `keyValue`. DocumentDB names only the index: the key comes from the catalogue. */
export async function duplicateKey(postgres: Postgres, { database, collection }: Command, message: string): Promise<object> {
  const id = /documents_rum_index_(\d+)/.exec(message)?.[1] ?? null, named = /Index '([^']+)'/.exec(message)?.[1] ?? '_id_';
  const [found, key] = id === null && named === '_id_' ? [] : await postgres.query(KEY_OF_INDEX, [database, collection, id, named]) ?? [];
  const index = typeof found === 'string' ? found : named, keyPattern = Buffer.isBuffer(key) ? deserialize(key) : { _id: 1 };
  return { errmsg: `E11000 duplicate key error collection: ${database}.${collection} index: ${index}`, keyPattern };
}
