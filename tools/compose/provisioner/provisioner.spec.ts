import { CannotProvision, CommandRefused, prepareMongodb, RunCommand } from './prepare-mongodb';
import { untilDone } from './until-done';

const wanted = { host: 'mongodb:27017', database: 'strowger', user: 'strowger', password: 'the-password-of-today' };
interface User { readonly pwd: string; readonly roles: unknown }

/** A mongod as far as the provisioner speaks with it: started with --replSet, in need of its first configuration. */
class FreshMongod {
  config: { members: { host: string }[]; settings: { electionTimeoutMillis: number } } | undefined;
  readonly users = new Map<string, User>();
  readonly commands: string[] = [];
  helloesUntilPrimary = 2;

  readonly run: RunCommand = (database, command) => Promise.resolve().then(() => {
    const [name = ''] = Object.keys(command);
    this.commands.push(name);
    const user = `${database}.${String(command[name])}`;
    switch (name) {
      case 'replSetGetStatus':
        if (!this.config) throw new CommandRefused(94, 'no replset config has been received');
        return { ok: 1 };
      case 'replSetInitiate':
        if (this.config) throw new CommandRefused(23, 'already initialized');
        this.config = command[name] as NonNullable<typeof this.config>;
        return { ok: 1 };
      case 'hello': return { isWritablePrimary: this.config !== undefined && --this.helloesUntilPrimary < 0 };
      case 'usersInfo': return { users: this.users.has(user) ? [{}] : [] };
      case 'createUser':
      case 'updateUser':
        if (this.users.has(user) === (name === 'createUser')) throw new CommandRefused(51003, 'already there, or not there');
        this.users.set(user, { pwd: String(command['pwd']), roles: command['roles'] });
        return { ok: 1 };
      default: throw new CommandRefused(59, `no such command: ${name}`);
    }
  });
}
const silently = { log: (): void => undefined, pauseMs: 1 };

describe('preparing MongoDB', () => {
  it('makes a replica set of the server by the name that all know it by, with a short election', async () => {
    const mongod = new FreshMongod();
    await untilDone('MongoDB', () => prepareMongodb(mongod.run, wanted), { ...silently, seconds: 5 });
    expect(mongod.config).toMatchObject({ _id: 'rs0', members: [{ _id: 0, host: 'mongodb:27017' }], settings: { electionTimeoutMillis: 4000 } });
  });
  it('gives the services a user that reads and writes their one database', async () => {
    const mongod = new FreshMongod();
    await untilDone('MongoDB', () => prepareMongodb(mongod.run, wanted), { ...silently, seconds: 5 });
    expect([...mongod.users]).toEqual([['strowger.strowger', { pwd: 'the-password-of-today', roles: [{ role: 'readWrite', db: 'strowger' }] }]]);
  });
  it('run again changes nothing but the password, which follows the deployment\'s', async () => {
    const mongod = new FreshMongod(), patience = { ...silently, seconds: 5 };
    await untilDone('MongoDB', () => prepareMongodb(mongod.run, wanted), patience);
    await untilDone('MongoDB', () => prepareMongodb(mongod.run, { ...wanted, password: 'tomorrow\'s' }), patience);
    expect(mongod.commands.filter(name => name === 'replSetInitiate')).toHaveLength(1);
    expect(mongod.users.get('strowger.strowger')?.pwd).toBe('tomorrow\'s');
  });
  it('another provisioner that was a moment faster is no failure', async () => {
    const mongod = new FreshMongod();
    const late: RunCommand = (database, command) => ('replSetGetStatus' in command ? Promise.reject(new CommandRefused(94, 'not yet')) : mongod.run(database, command));
    await mongod.run('admin', { replSetInitiate: { members: [], settings: {} } });
    await untilDone('MongoDB', () => prepareMongodb(late, wanted), { ...silently, seconds: 5 });
    expect(mongod.users.size).toBe(1);
  });
  it('waits for a server that is not there yet, and says why once', async () => {
    const mongod = new FreshMongod(), said: string[] = [];
    let refused = 3;
    const away: RunCommand = (database, command) => (refused-- > 0 ? Promise.reject(new Error('connect ECONNREFUSED')) : mongod.run(database, command));
    await untilDone('MongoDB', () => prepareMongodb(away, wanted), { seconds: 5, pauseMs: 1, log: line => { said.push(line); } });
    expect(said).toEqual(['MongoDB: waiting: connect ECONNREFUSED', 'MongoDB: waiting: the server is not the primary yet', 'MongoDB: done']);
  });
  it('does not wait where the root password is another one: no waiting helps', async () => {
    const refusing: RunCommand = () => Promise.reject(new CommandRefused(18, 'Authentication failed.'));
    await expect(untilDone('MongoDB', () => prepareMongodb(refusing, wanted), { ...silently, seconds: 600 })).rejects.toThrow(CannotProvision);
  });
  it('gives up when its time is over, with the last reason', async () => {
    const away: RunCommand = () => Promise.reject(new Error('connect ECONNREFUSED'));
    await expect(untilDone('MongoDB', () => prepareMongodb(away, wanted), { ...silently, seconds: 0.02 })).rejects.toThrow('MongoDB: not done within 0.02 s: connect ECONNREFUSED');
  });
  it('a refusal of another kind ends the attempt before anything is made', async () => {
    const mongod = new FreshMongod();
    const refusing: RunCommand = (database, command) => ('replSetGetStatus' in command ? Promise.reject(new CommandRefused(13, 'not authorized')) : mongod.run(database, command));
    await expect(prepareMongodb(refusing, wanted)).rejects.toThrow('not authorized');
    expect(mongod.commands).toEqual([]);
  });
});
