import { provisionStream } from '@strowger/messaging/provision-stream';
import { MongodbCommands } from './mongodb-commands';
import { CannotProvision, prepareMongodb } from './prepare-mongodb';
import { provisionerConfig } from './provisioner.config';
import { untilDone } from './until-done';

// Runs once at each `docker compose up`, before the services: makes what they expect to find, and ends.
const config = provisionerConfig();
const patience = { seconds: config.PROVISION_SECONDS, log: (line: string): void => { process.stdout.write(`${line}\n`); } };
const wanted = { host: config.MONGODB_HOST, database: config.MONGODB_DATABASE, user: config.MONGODB_USER, password: config.MONGODB_PASSWORD };

async function provision(): Promise<void> {
  const mongodb = new MongodbCommands(config.MONGODB_HOST, config.MONGODB_ROOT_PASSWORD);
  try {
    await untilDone('MongoDB: replica set and user', () => prepareMongodb(mongodb.run, wanted), patience);
  } finally {
    await mongodb.close();
  }
  await untilDone('NATS: stream and consumer', () => provisionStream({ url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD }), patience);
}

provision().catch((error: unknown) => {
  process.stderr.write(`${error instanceof CannotProvision ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
