import { Connection, Model, Mongoose, Schema, mongo } from 'mongoose';
import { watchDriverSockets } from './driver-sockets';
import { ModelsConfig } from './models.config';

const SELECTION_TIMEOUT_MS = 2000;
/** No operation may take longer; a frozen server is given up on the client's side too. */
const OPERATION_TIMEOUT_MS = 5000;
/** A clock farther than this from the database's makes a process not ready: lifetimes and windows would be judged wrongly. */
const MAX_CLOCK_SKEW_MS = 60_000;

/** Where a database operation stands when its server could not be asked, or did not answer: nobody knows whether it happened. */
export function isDatabaseUnavailable(error: unknown): boolean {
  // The driver reports a lost connection as a bulk write error, too: one without refusals.
  if (error instanceof mongo.MongoBulkWriteError && [error.writeErrors].flat().length === 0) return true;
  if (error instanceof mongo.MongoServerError) return error.hasErrorLabel('RetryableWriteError') || error.hasErrorLabel('TransientTransactionError') || [50, 91, 189, 262, 10107, 11600, 11602, 13435, 13436].includes(Number(error.code));
  return error instanceof mongo.MongoError || (error instanceof Error && /^Mongo(ose)?/.test(error.name));
}

/** One connection of a process to the deployment's database. It connects in the background for as long as that takes. */
export class Database {
  readonly connection: Connection;
  private closing = false;
  private readonly collections = new Map<string, mongo.Collection>();
  private collectionsOf: mongo.Db | undefined;
  private opening: Promise<void>;

  constructor(config: ModelsConfig, private readonly log: (line: string) => void = () => undefined) {
    watchDriverSockets();
    const mongoose = new Mongoose();
    mongoose.set('sanitizeFilter', true);
    mongoose.set('autoIndex', false);
    this.connection = mongoose.createConnection();
    this.opening = this.open(config.MONGODB_URI);
  }

  /** The model of a collection; asked twice, the same. */
  model<T>(collection: string, schema: Schema<T>): Model<T> {
    const known = this.connection.models[collection] as Model<T> | undefined;
    return known ?? this.connection.model<T>(collection, schema, collection);
  }

  /** The driver's collection, for filters with operators (mongoose's sanitizeFilter would refuse them). */
  collection<T extends mongo.Document>(name: string): mongo.Collection<T> {
    const db = this.connection.db;
    if (!db) throw new mongo.MongoNotConnectedError('the database has not been reached yet');
    if (this.collectionsOf !== db) { this.collectionsOf = db; this.collections.clear(); }
    let collection = this.collections.get(name);
    // Making one reads all options anew, which costs as much as encoding a command.
    if (!collection) this.collections.set(name, collection = db.collection(name));
    return collection as unknown as mongo.Collection<T>;
  }

  /** Whether the database answers and agrees with this process about the time. */
  async isReady(): Promise<boolean> {
    if (!this.connection.db) return false;
    const { localTime } = await this.connection.db.admin().command({ hello: 1 });
    return Math.abs(Date.now() - Number(localTime)) <= MAX_CLOCK_SKEW_MS;
  }

  /** Resolves when the first connection stands. */
  async connected(): Promise<void> { await this.opening; }

  async close(): Promise<void> {
    this.closing = true;
    await this.connection.close().catch(() => undefined);
    await this.opening;
  }

  private async open(uri: string): Promise<void> {
    let told = false;
    while (!this.closing) {
      try {
        await this.connection.openUri(uri, {
          readPreference: 'primary', readConcern: { level: 'majority' }, writeConcern: { w: 'majority', journal: true }, retryWrites: true,
          serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS, socketTimeoutMS: OPERATION_TIMEOUT_MS, connectTimeoutMS: SELECTION_TIMEOUT_MS,
          maxPoolSize: 24, promoteBuffers: true, ignoreUndefined: true, bufferCommands: false, autoIndex: false, autoCreate: false,
        });
        return;
      } catch (error) {
        if (!told) this.log(`database not reached yet: ${error instanceof Error ? error.name : String(error)}`);
        told = true;
        await new Promise(resolve => setTimeout(resolve, 250));
      }
    }
  }
}

/** An index as its owner makes it at start. */
export interface IndexSpec { readonly key: mongo.IndexSpecification; readonly options?: mongo.CreateIndexesOptions }

/** A collection's name, and its indexes. */
export type OwnedCollection = readonly [collection: string, indexes: readonly IndexSpec[]];

/** Makes collections and their indexes, one after another; existing ones are left as they are. Only their owner calls it. */
export async function ensureCollections(database: Database, owned: readonly OwnedCollection[]): Promise<void> {
  for (const [collection, indexes] of owned) {
    await database.connection.db?.createCollection(collection).catch((error: unknown) => {
      if (!(error instanceof mongo.MongoServerError && error.code === 48)) throw error;
    });
    for (const { key, options } of indexes) await database.collection(collection).createIndex(key, options ?? {}, {});
  }
}
