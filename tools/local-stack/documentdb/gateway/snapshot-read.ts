import { serialize } from 'bson';
import { bsonType, Command, elementsOf, numberAt } from './command';

// A find or aggregation without a limit goes on from a place in the table when its next page is asked for, so a document
// that was updated (and so moved) meanwhile is returned twice. With a limit DocumentDB reads one snapshot: a limit nobody
// reaches is added.
const UNREACHABLE = 0x7fffffff;
const LIMIT_ELEMENT = Buffer.from(serialize({ limit: UNREACHABLE })).subarray(4, -1);
const LIMIT_STAGE = serialize({ $limit: UNREACHABLE });
const MUST_BE_LAST = new Set(['$out', '$merge']);
const READS_NO_DOCUMENTS = new Set(['$changeStream', '$collStats', '$indexStats', '$currentOp']);

/** A BSON document from the bytes between its length and its closing zero. */
function documentOf(...parts: Uint8Array[]): Buffer {
  const document = Buffer.concat([Buffer.alloc(4), ...parts, Buffer.alloc(1)]);
  document.writeInt32LE(document.length, 0);
  return document;
}
const inside = (document: Buffer): Buffer => document.subarray(4, document.length - 1);

function limitedFind({ raw, spans }: Command): Buffer {
  const limit = spans.get('limit');
  if (!limit) return numberAt(raw, spans.get('singleBatch')) === 1n ? raw : documentOf(inside(raw), LIMIT_ELEMENT);
  if (numberAt(raw, limit) !== 0n) return raw;
  const changed = Buffer.from(raw); // a limit of 0 is none; drivers write it as int32
  if (limit.type === bsonType.int32) changed.writeInt32LE(UNREACHABLE, limit.at);
  return changed;
}

function limitedAggregation({ raw, spans }: Command): Buffer {
  const place = spans.get('pipeline');
  if (place?.type !== bsonType.array) return raw;
  const end = place.at + place.length;
  const pipeline = raw.subarray(place.at, end);
  const stages = [...elementsOf(pipeline)].map(([, stage]) => [...elementsOf(pipeline.subarray(stage.at, stage.at + stage.length))][0]?.[0] ?? '');
  if (MUST_BE_LAST.has(stages.at(-1) ?? '') || READS_NO_DOCUMENTS.has(stages[0] ?? '')) return raw;
  const stageHead = Buffer.from(`\x03${String(stages.length)}\0`, 'latin1');
  const longer = documentOf(inside(pipeline), stageHead, LIMIT_STAGE);
  return documentOf(raw.subarray(4, place.at), longer, raw.subarray(end, raw.length - 1));
}

/** The command's bytes, made to read one snapshot. */
export function snapshotRead(command: Command): Buffer {
  if (command.name === 'find') return limitedFind(command);
  return command.name === 'aggregate' ? limitedAggregation(command) : command.raw;
}
