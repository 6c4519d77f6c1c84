import { mongo } from 'mongoose';
import { CommandRefused, RunCommand } from './prepare-mongodb';

const TIMEOUT_MS = 5000;

/** A server spoken to alone, whatever its replica set: also before there is one. */
export class MongodbCommands {
  private readonly client: mongo.MongoClient;

  constructor(host: string, rootPassword: string) {
    this.client = new mongo.MongoClient(`mongodb://${host}/?directConnection=true`, {
      auth: { username: 'root', password: rootPassword }, authSource: 'admin', serverSelectionTimeoutMS: TIMEOUT_MS, socketTimeoutMS: TIMEOUT_MS, appName: 'provisioner',
    });
  }

  readonly run: RunCommand = async (database, command) => {
    try {
      return await this.client.db(database).command({ ...command });
    } catch (error) {
      if (!(error instanceof mongo.MongoServerError)) throw error;
      throw new CommandRefused(Number(error.code), error.message, { cause: error });
    }
  };

  close(): Promise<void> { return this.client.close(); }
}
