import { z } from 'zod';

/** Sends one command to a database of the server. @throws CommandRefused, or another error where the server cannot be reached */
export type RunCommand = (database: string, command: Readonly<Record<string, unknown>>) => Promise<unknown>;
/** The server's own answer that it does not do this; `code` is MongoDB's. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused';
  constructor(readonly code: number, why: string, options?: ErrorOptions) { super(why, options); }
}
/** Going on makes no sense: no waiting will help. */
export class CannotProvision extends Error {
  override readonly name = 'CannotProvision';
}

/** What is to be there: a replica set of this server, and the one user by which all services come to their database. */
export interface WantedMongodb { readonly host: string; readonly database: string; readonly user: string; readonly password: string }

const AUTHENTICATION_FAILED = 18, NOT_YET_INITIALIZED = 94, ALREADY_INITIALIZED = 23;
/** A lost primary is replaced within this time (milliseconds): a write that waits for it must still meet its deadline of 5 s. */
const ELECTION_TIMEOUT_MS = 4000;
const Hello = z.object({ isWritablePrimary: z.boolean() });
const Users = z.object({ users: z.array(z.unknown()) });

/**
 * Makes the server a replica set of one where it is none, and gives the services' user today's password and no more than it
 * needs: reading and writing in the one database. May be run at any time and again.
 * @throws CannotProvision - the root password is not the one that the data were made with
 * @throws an error of `run`, or Error - not now: try again
 */
export async function prepareMongodb(run: RunCommand, { host, database, user, password }: WantedMongodb): Promise<void> {
  await initiate(run, host);
  if (!Hello.parse(await run('admin', { hello: 1 })).isWritablePrimary) throw new Error('the server is not the primary yet');
  const { users } = Users.parse(await run(database, { usersInfo: user }));
  await run(database, { [users.length === 0 ? 'createUser' : 'updateUser']: user, pwd: password, roles: [{ role: 'readWrite', db: database }] });
}

async function initiate(run: RunCommand, host: string): Promise<void> {
  try {
    await run('admin', { replSetGetStatus: 1 });
  } catch (error) {
    if (!(error instanceof CommandRefused)) throw error;
    if (error.code === AUTHENTICATION_FAILED) throw new CannotProvision('MongoDB refuses the root password: its data were made with another one than MONGODB_ROOT_PASSWORD now is', { cause: error });
    if (error.code !== NOT_YET_INITIALIZED) throw error;
    await start(run, host);
  }
}

async function start(run: RunCommand, host: string): Promise<void> {
  try {
    await run('admin', { replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host }], settings: { electionTimeoutMillis: ELECTION_TIMEOUT_MS } } });
  } catch (error) {
    if (!(error instanceof CommandRefused && error.code === ALREADY_INITIALIZED)) throw error;
  }
}
