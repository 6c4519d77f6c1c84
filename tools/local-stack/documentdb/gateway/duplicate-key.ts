import { deserialize } from 'bson';
import { Command } from './command';
import { Postgres } from './postgres';
import { KEY_OF_INDEX } from './sql';

const valueAt = (document: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined), document) ?? null;

/** The document of an insert that failed, or undefined where the command is no insert. */
function inserted({ name, raw, sequence }: Command, index: number): unknown {
  if (name !== 'insert') return undefined;
  if (!sequence) return valueAt(deserialize(raw), `documents.${String(index)}`);
  let at = 0;
  for (let i = 0; i < index; i++) at += sequence.readInt32LE(at);
  return deserialize(sequence.subarray(at, at + sequence.readInt32LE(at)));
}

/** Words a duplicate key (11000) as mongod does. DocumentDB names only the index: the key comes from the catalogue, its values from the document. */
export async function duplicateKey(postgres: Postgres, command: Command, message: string, failed?: number): Promise<object> {
  const id = /documents_rum_index_(\d+)/.exec(message)?.[1] ?? null;
  const named = /Index '([^']+)'/.exec(message)?.[1] ?? '_id_';
  const [found, key] = id === null && named === '_id_' ? [] : await postgres.query(KEY_OF_INDEX, [command.database, command.collection, id, named]) ?? [];
  const index = typeof found === 'string' ? found : named;
  const keyPattern = Buffer.isBuffer(key) ? deserialize(key) : { _id: 1 };
  const document = failed === undefined ? undefined : inserted(command, failed);
  const keyValue = document === undefined ? undefined : Object.fromEntries(Object.keys(keyPattern).map(path => [path, valueAt(document, path)]));
  const shown = Object.entries(keyValue ?? {}).map(([path, value]) => `${path}: ${JSON.stringify(value)}`).join(', ');
  const errmsg = `E11000 duplicate key error collection: ${command.database}.${command.collection} index: ${index} dup key: { ${shown} }`;
  return { errmsg, keyPattern, ...(keyValue && { keyValue }) };
}
