import { onDemand } from 'bson';

/** Where an element's value stands in the command's bytes, and its BSON type. */
export interface Span { readonly type: number; readonly at: number; readonly length: number }

/** BSON types the gateway looks at itself; everything else is PostgreSQL's business. */
export const bsonType = { double: 1, string: 2, document: 3, array: 4, binary: 5, boolean: 8, int32: 16, int64: 18 } as const;

/** A command as it came: its bytes, and the top-level scalars that decide where it goes. Documents stay undecoded. */
export interface Command {
  readonly name: string;
  /** What the command's first element says where it is a string: mostly the collection. */
  readonly collection: string;
  readonly database: string;
  readonly raw: Buffer;
  /** The documents of an OP_MSG kind-1 section, if the driver used one. */
  readonly sequence: Buffer | undefined;
  /** The logical session, as hex. */
  readonly session: string | undefined;
  readonly number: bigint | undefined;
  readonly inTransaction: boolean;
  readonly startsTransaction: boolean;
  readonly spans: ReadonlyMap<string, Span>;
}

/** Top-level elements of a BSON document: name and place, nothing decoded. */
export function* elementsOf(document: Buffer): Generator<readonly [string, Span]> {
  for (const [type, nameAt, nameLength, at, length] of onDemand.parseToElements(document)) {
    yield [document.toString('latin1', nameAt, nameAt + nameLength), { type, at, length }];
  }
}

/** The number (int32, int64, double or boolean) at a place, or undefined where something else stands. */
export function numberAt(raw: Buffer, span: Span | undefined): bigint | undefined {
  switch (span?.type) {
    case bsonType.int32: return BigInt(raw.readInt32LE(span.at));
    case bsonType.int64: return raw.readBigInt64LE(span.at);
    case bsonType.double: return BigInt(Math.trunc(raw.readDoubleLE(span.at)));
    case bsonType.boolean: return BigInt(raw[span.at] ?? 0);
    default: return undefined;
  }
}

const stringAt = (raw: Buffer, span: Span | undefined): string =>
  span?.type === bsonType.string ? raw.toString('utf8', span.at + 4, span.at + span.length - 1) : '';

function sessionOf(raw: Buffer, span: Span | undefined): string | undefined {
  if (span?.type !== bsonType.document) return undefined;
  const session = raw.subarray(span.at, span.at + span.length);
  for (const [name, { type, at, length }] of elementsOf(session)) {
    if (name === 'id' && type === bsonType.binary) return session.toString('hex', at + 5, at + length);
  }
  return undefined;
}

/** Reads the head of a command. */
export function parseCommand(raw: Buffer, sequence: Buffer | undefined): Command {
  const spans = new Map(elementsOf(raw));
  const name = spans.keys().next().value ?? '';
  const at = (element: string): Span | undefined => spans.get(element);
  return {
    name, raw, sequence, spans,
    collection: stringAt(raw, at(name === 'getMore' ? 'collection' : name)),
    database: stringAt(raw, at('$db')),
    session: sessionOf(raw, at('lsid')),
    number: numberAt(raw, at('txnNumber')),
    inTransaction: at('autocommit') !== undefined && numberAt(raw, at('autocommit')) === 0n,
    startsTransaction: numberAt(raw, at('startTransaction')) === 1n,
  };
}
