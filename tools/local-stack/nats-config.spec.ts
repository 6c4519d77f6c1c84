import { busUsers } from '@strowger/contracts/bus-users';
import { NatsConfig, natsConfig } from './nats-config';

const config = (changes: Partial<NatsConfig> = {}): string => natsConfig({
  name: 'test', host: '127.0.0.1', port: 4222, monitorHost: '127.0.0.1', monitorPort: 8222, storeDirectory: '/data/store',
  maxMemoryStore: 1024, maxFileStore: 2048, users: busUsers(), passwordOf: user => `password-of-${user}-0123456789`, ...changes,
});
const blockOf = (user: string): string => config().split('user: ').find(block => block.startsWith(`"${user}"`)) ?? '';

describe('configuration of nats-server', () => {
  it('listens on the two addresses named and on no other port', () => {
    const text = config({ monitorHost: '0.0.0.0' });
    expect(text).toContain('listen: "127.0.0.1:4222"');
    expect(text).toContain('http: "0.0.0.0:8222"');
    expect(text).not.toMatch(/cluster|leafnodes|websocket|mqtt|gateway/);
  });
  it('syncs every acknowledged message and limits streams and messages', () => {
    for (const line of ['sync_interval: always', 'max_memory_store: 1024', 'max_file_store: 2048', 'store_dir: "/data/store"', 'max_payload: 1048576']) expect(config()).toContain(line);
  });
  it('gives every bus user its password, and what is listed and nothing else', () => {
    for (const user of busUsers()) {
      const quoted = [...blockOf(user.name).matchAll(/^ {14}"([^"]*)"$/gm)].map(([, subject]) => subject);
      expect(quoted).toEqual([...user.publish, ...user.denyPublish, ...user.subscribe]);
      expect(blockOf(user.name)).toContain(`password: "password-of-${user.name}-0123456789"`);
    }
  });
  it('S81: lets nobody choose where an answer goes, and nobody in without a user', () => {
    expect(config()).not.toMatch(/allow_responses|no_auth_user/);
  });
  it.each(['short', 'quote"and-more-characters', '$2a$11$looks-like-a-bcrypt-hash', 'a blank in the middle of it', ''])('refuses the password %j', password => {
    expect(() => config({ passwordOf: () => password })).toThrow('must be at least 20 letters');
  });
  it.each(['/data"\nlisten: "0.0.0.0', '/data\\', '/da\u0000ta'])('refuses the folder %j', storeDirectory => {
    expect(() => config({ storeDirectory })).toThrow('cannot stand in a nats-server configuration');
  });
});
