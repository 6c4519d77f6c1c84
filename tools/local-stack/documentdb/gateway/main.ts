import { serialize } from 'bson';
import { Command, parseCommand } from './command';
import { Commands } from './commands';
import { duplicateKey } from './duplicate-key';
import { gatewayConfig } from './gateway.config';
import { isLost, mongoCode, MongoError, stateOf, TransientError } from './mongo-error';
import { Postgres } from './postgres';
import { FORGET } from './sql';
import { wireServer } from './wire';

const { PORT, PGPORT, STROWGER_PARENT_PIPE } = gatewayConfig;
const postgres = new Postgres(`postgres://postgres@127.0.0.1:${String(PGPORT)}/postgres`);
const commands = new Commands(postgres);
const me = `127.0.0.1:${String(PORT)}`;

/** A replica set of one, as a driver wants to see it. Wire version 21 is MongoDB 7.0. */
const hello = () => ({
  helloOk: true, isWritablePrimary: true, ismaster: true, secondary: false, setName: 'rs0', setVersion: 1, hosts: [me], me, primary: me,
  maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000, localTime: new Date(),
  logicalSessionTimeoutMinutes: 30, connectionId: 1, minWireVersion: 0, maxWireVersion: 21, readOnly: false, ok: 1,
});
const OK = () => ({ ok: 1 });
const local = new Map<string, () => object>([
  ['hello', hello], ['isMaster', hello], ['ismaster', hello], ['ping', OK], ['getParameter', OK],
  ['buildInfo', () => ({ version: '7.0.0', versionArray: [7, 0, 0, 0], gitVersion: 'documentdb', modules: [], ok: 1 })],
]);

async function errorReply(error: unknown, command: Command | undefined): Promise<object> {
  const errmsg = error instanceof Error ? error.message : String(error);
  if (error instanceof MongoError) return { ok: 0, errmsg, code: error.mongo, codeName: error.codeName, errorLabels: error.labels };
  if (error instanceof TransientError) return { ...await errorReply(error.cause, command), errorLabels: error.labels };
  // The outcome is unknown. A driver may repeat what has a number, for gw.write remembers its reply.
  if (isLost(error)) return { ok: 0, errmsg, code: 91, codeName: 'ShutdownInProgress', ...(command?.number !== undefined && { errorLabels: ['RetryableWriteError'] }) };
  const { code, name } = mongoCode(stateOf(error));
  const duplicate = code === 11000 && command ? await duplicateKey(postgres, command, errmsg) : {};
  return { ok: 0, errmsg, code, codeName: name, ...duplicate };
}

async function answer(raw: Buffer, sequence: Buffer | undefined): Promise<Uint8Array> {
  let command: Command | undefined;
  try {
    command = parseCommand(raw, sequence);
    const own = local.get(command.name);
    return own ? serialize(own()) : await commands.run(command);
  } catch (error) {
    return serialize(await errorReply(error, command).catch(() => ({ ok: 0, errmsg: 'the database is gone', code: 91, codeName: 'ShutdownInProgress' })));
  }
}

setInterval(() => { // what was left behind
  commands.cursors.endIdle(Date.now());
  void commands.transactions.abortIdle(Date.now());
  postgres.query(FORGET, []).catch(() => undefined);
}, 30_000).unref();
if (STROWGER_PARENT_PIPE) process.stdin.on('end', () => process.exit()).resume(); // the parent is gone
process.on('SIGTERM', () => process.exit());
wireServer(answer, () => serialize(hello())).listen(PORT, '127.0.0.1').on('error', error => { throw error; });
