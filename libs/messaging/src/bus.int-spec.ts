import { createServer, Server as TcpServer } from 'node:net';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { AUDIT_CONSUMER, STREAM } from '@strowger/contracts/bus-users';
import { subjectOf } from '@strowger/contracts/event-catalogue';
import { z } from 'zod';
import { Bus, BusUnavailable } from './bus';
import { BusScene, eventBatch, until } from './bus-scene.fixture';
import { EventFeed } from './event-feed';
import { JetStreamPublisher } from './jetstream-publisher';

let scene: BusScene;
beforeAll(async () => { scene = await BusScene.start('bus'); });
afterAll(() => scene.stop());
afterEach(async () => {
  scene.lines.length = 0;
  await scene.closeAll();
});

const ISSUED = subjectOf('token.issued'), REVOKED = subjectOf('token.revoked'), UPDATED = subjectOf('application.updated');
const ready = async (bus: Bus): Promise<Bus> => { await until(() => bus.isReady(), 'ready'); return bus; };
const manager = async (bus: Bus) => jetstreamManager(await bus.connection(), { checkAPI: false });
const stored = async () => (await (await manager(scene.open('portal-service'))).streams.info(STREAM)).state.messages;

describe('the stream', () => {
  it('is made once and stays as it is, however often it is provisioned', async () => {
    await scene.provision();
    await Promise.all([scene.provision(), scene.provision()]);
    const api = await manager(scene.open('audit-service'));
    expect((await api.streams.info(STREAM)).config).toMatchObject({
      subjects: ['strowger.events.>', 'strowger.feed.>'], storage: 'file', discard: 'new', max_age: 30 * 86_400 * 1e9, deny_delete: true, deny_purge: true, allow_msg_ttl: true, num_replicas: 1,
    });
    expect((await api.consumers.info(STREAM, AUDIT_CONSUMER)).config).toMatchObject({
      durable_name: 'audit', filter_subjects: ['strowger.events.>', 'strowger.feed.*.*.*'], ack_policy: 'explicit', max_deliver: -1, ack_wait: 30 * 1e9, max_ack_pending: 256,
    });
  });

  it('is not made by a user who may not', async () => {
    await expect(provisionAs('audit-service')).rejects.toThrow(/permission/i);
  });
  const provisionAs = async (user: 'audit-service') => {
    const nc = await connect({ servers: scene.servers.natsUrl, user, pass: scene.servers.busPassword(user), inboxPrefix: `_INBOX_${user}` });
    try { await (await jetstreamManager(nc, { checkAPI: false, timeout: 500 })).streams.add({ name: 'OTHER', subjects: ['other'] }); } finally { await nc.close(); }
  };
});

describe('the connection', () => {
  it('is there at once as an object, and ready once server and stream are', async () => {
    const bus = scene.open('token-service');
    expect(bus.connected).toBe(false);
    expect(bus.isReady()).toBe(false);
    await ready(bus);
    expect(bus.connected).toBe(true);
  });

  it('waits for a server that is not there yet, and is not ready before the stream is', async () => {
    await scene.servers.nats.stop();
    const said = (message: string) => scene.lines.some(line => line.message === message);
    const bus = scene.open('scope-service');
    await until(() => said('waiting for the bus'), 'said that it waits');
    await scene.restartEmpty();
    await bus.connection();
    await until(() => said('waiting for the stream of events'), 'said what is missing');
    expect(bus.isReady()).toBe(false);
    await scene.provision();
    await ready(bus);
  });

  it('can be closed while the server has never been there', async () => {
    const bus = new Bus({ NATS_URL: 'nats://127.0.0.1:9' }, scene.log);
    const waiting = expect(bus.connection()).rejects.toThrow(BusUnavailable);
    await bus.close();
    await waiting;
    await expect(bus.connection()).rejects.toThrow(BusUnavailable);
  });

  it('gives up on a server that accepts and says nothing, and comes when a real one is there', async () => {
    const silent: TcpServer = createServer(() => undefined);
    const port = await new Promise<number>(resolve => { silent.listen(0, '127.0.0.1', () => { const at = silent.address(); resolve(typeof at === 'object' && at ? at.port : 0); }); });
    const bus = new Bus({ NATS_URL: `nats://127.0.0.1:${String(port)},${scene.servers.natsUrl}`, NATS_USER: 'portal-service', NATS_PASSWORD: scene.servers.busPassword('portal-service') }, scene.log);
    await bus.connection();
    await bus.close();
    await new Promise(resolve => silent.close(resolve));
  });

  it('S80: is refused without credentials and with a wrong password, and goes on trying without saying the password', async () => {
    for (const options of [{}, { user: 'token-service' }, { user: 'token-service', pass: 'guess' }, { user: 'nobody', pass: 'pw-nobody' }, { token: 'x' }]) {
      await expect(connect({ servers: scene.servers.natsUrl, reconnect: false, ...options })).rejects.toThrow(/Authorization Violation/i);
    }
    const bus = scene.open('token-service', 'guessed-password');
    await until(() => scene.lines.some(({ message, fields }) => message === 'waiting for the bus' && /Authorization/i.test(JSON.stringify(fields, errorsToo))), 'said that it was refused');
    expect(bus.connected).toBe(false);
    expect(JSON.stringify(scene.lines, errorsToo)).not.toContain('guessed-password');
  });
  const errorsToo = (_: string, value: unknown): unknown => value instanceof Error ? { message: value.message, stack: value.stack } : value;

  it('comes back after the server was killed, and says so', async () => {
    const bus = await ready(scene.open('token-service'));
    let losses = 0;
    bus.onLoss(() => { losses++; });
    await scene.kill();
    await until(() => !bus.connected, 'noticed');
    const again = bus.connection();
    await scene.servers.nats.start();
    await again;
    await ready(bus);
    expect(losses).toBe(1);
  });

  it('notices a frozen server', async () => {
    const bus = await ready(scene.open('token-service'));
    scene.servers.nats.kill('SIGSTOP');
    try { await until(() => !bus.connected, 'noticed'); } finally { scene.servers.nats.kill('SIGCONT'); }
    await ready(bus);
  });
});

describe('the publisher', () => {
  it('stores the bytes as they are, with the content type of a batch', async () => {
    const bus = await ready(scene.open('token-service'));
    const batch = eventBatch(['stored-1', 'stored-2']);
    const received = Promise.withResolvers<{ data: Buffer; type: string | undefined }>();
    await new JetStreamPublisher(bus).publish(ISSUED, batch);
    const audit = await (await manager(scene.open('audit-service'))).jetstream().consumers.get(STREAM, AUDIT_CONSUMER);
    for await (const message of await audit.fetch({ max_messages: 100, expires: 1000 })) {
      message.ack();
      if (message.string().includes('stored-1')) received.resolve({ data: Buffer.from(message.data), type: message.headers?.get('content-type') });
    }
    expect(await received.promise).toEqual({ data: batch, type: 'application/cloudevents-batch+json' });
  });

  it('refuses at once while the bus is away, and nothing comes later', async () => {
    const bus = await ready(scene.open('token-service'));
    const publisher = new JetStreamPublisher(bus);
    const before = await stored();
    await scene.kill();
    await until(() => !bus.connected, 'noticed');
    const began = Date.now();
    for (let i = 0; i < 100; i++) await expect(publisher.publish(ISSUED, eventBatch([`late-${String(i)}`]))).rejects.toThrow(BusUnavailable);
    expect(Date.now() - began).toBeLessThan(20_000);      // did each wait its two seconds, it would be 200
    await scene.servers.nats.start();
    await ready(bus);
    await publisher.publish(ISSUED, eventBatch(['after']));
    expect(await stored()).toBe(before + 1);
  });

  it('rejects what is not acknowledged within its bound, and what it may not publish', async () => {
    const bus = await ready(scene.open('app-registry-service'));
    const publisher = new JetStreamPublisher(bus);
    await expect(publisher.publish(ISSUED, eventBatch(['forged']))).rejects.toThrow();
    await publisher.publish(UPDATED, eventBatch(['allowed'], 'application.updated'));
    scene.servers.nats.kill('SIGSTOP');
    try { await expect(publisher.publish(UPDATED, eventBatch(['frozen'], 'application.updated'))).rejects.toThrow(); } finally { scene.servers.nats.kill('SIGCONT'); }
    await ready(bus);
  });
});

describe('the feed', () => {
  const follow = (bus: Bus, startSeconds = 60) => {
    const seen: string[] = [];
    const counts = { resets: 0 };
    const feed = new EventFeed({
      bus, filter: 'strowger.feed.>', startSeconds, log: scene.log,
      onEvents: events => { seen.push(...events.map(event => event.id)); }, onReset: () => { counts.resets++; },
    });
    feed.start();
    return { feed, seen, counts };
  };
  let run = 0;
  const fresh = (name: string) => `${name}-${String(++run)}`;

  it('gives what was published before and after it began, resets first, and leaves out what its filter does not name', async () => {
    const publisher = new JetStreamPublisher(await ready(scene.open('token-service')));
    const [before, after, other] = [fresh('before'), fresh('after'), fresh('other')];
    await publisher.publish(REVOKED, eventBatch([before], 'token.revoked'));
    const { feed, seen, counts } = follow(scene.open('token-service'));
    await until(() => seen.includes(before), 'the event from before');
    expect(counts.resets).toBe(1);
    await publisher.publish(ISSUED, eventBatch([other]));
    await publisher.publish(REVOKED, eventBatch([after], 'token.revoked'));
    await until(() => seen.includes(after), 'the event from after');
    expect(seen).not.toContain(other);
    await feed.close();
  });

  it('passes over what is no event, and lives', async () => {
    const publisher = new JetStreamPublisher(await ready(scene.open('token-service')));
    const { feed, seen, counts } = follow(scene.open('token-service'));
    await until(() => feed.following, 'following');
    await publisher.publish(REVOKED, Buffer.from('{{{'));
    await publisher.publish(REVOKED, Buffer.from('{"not":"an array"}'));
    await publisher.publish('strowger.feed.lowering.mark', Buffer.from('{"nonces":[],"owed":[]}'));
    const good = fresh('good');
    await publisher.publish(REVOKED, Buffer.from(`[null, 1, {"id": 7}, ${eventBatch([good], 'token.revoked').toString().slice(1)}`));
    await until(() => seen.includes(good), 'the good one');
    expect(counts.resets).toBe(1);
    await feed.close();
  });

  it('is built anew after the server was killed, by time: nothing that was published meanwhile is missed', async () => {
    const publishing = await ready(scene.open('token-service'));
    const bus = scene.open('token-service');
    const { feed, seen, counts } = follow(bus);
    await until(() => feed.following, 'following');
    await scene.crash();
    await ready(publishing);
    const id = fresh('after-crash');
    await new JetStreamPublisher(publishing).publish(REVOKED, eventBatch([id], 'token.revoked'));
    await until(() => seen.includes(id), 'the event from after the crash');
    expect(counts.resets).toBeGreaterThan(1);
    await feed.close();
  });

  it('is built anew when a delivery is missing', async () => {
    const bus = await ready(scene.open('token-service'));
    const { feed, seen, counts } = follow(bus);
    await until(() => feed.following, 'following');
    const { name } = z.object({ name: z.string() }).parse(scene.lines.filter(({ message }) => message === 'built a consumer for the feed').map(({ fields }) => ({ name: 'consumer' in fields ? fields.consumer : undefined })).at(-1));
    const thief = await scene.open('token-service').connection();
    const stolen = thief.subscribe('_INBOX_token-service.thief', { max: 1 });
    thief.publish(`$JS.API.CONSUMER.MSG.NEXT.${STREAM}.${name}`, JSON.stringify({ batch: 1, expires: 10e9 }), { reply: '_INBOX_token-service.thief' });
    await thief.flush();
    const ids = Array.from({ length: 6 }, () => fresh('stolen'));
    for (const id of ids) await new JetStreamPublisher(bus).publish(REVOKED, eventBatch([id], 'token.revoked'));
    const prey: string[] = [];
    for await (const message of stolen) prey.push(message.string());
    expect(prey.join()).toContain('stolen');
    await until(() => ids.every(id => seen.includes(id)), 'all, the stolen one too');
    expect(counts.resets).toBe(2);
    expect(scene.lines.some(({ fields }) => 'err' in fields && fields.err instanceof Error && fields.err.message.startsWith('a gap:'))).toBe(true);
    await feed.close();
  });

  it('is built anew by time, not by sequence, when the stream is another that counts from one', async () => {
    const bus = scene.open('token-service'), publishing = await ready(scene.open('token-service'));
    await new JetStreamPublisher(publishing).publish(REVOKED, eventBatch([fresh('old')], 'token.revoked'));
    const { feed, seen, counts } = follow(bus);
    await until(() => seen.length > 0, 'following');
    await scene.restartEmpty();
    await scene.provision();
    await ready(publishing);
    const first = fresh('new-stream');
    await new JetStreamPublisher(publishing).publish(REVOKED, eventBatch([first], 'token.revoked'));
    await until(() => seen.includes(first), 'the first event of the new stream');
    expect(counts.resets).toBeGreaterThan(1);
    await feed.close();
  });

  it('waits for a stream that is not there yet', async () => {
    await scene.restartEmpty();
    const { feed } = follow(scene.open('token-service'));
    await until(() => scene.lines.some(({ message }) => message.startsWith('not following the stream')), 'said that it waits');
    expect(feed.following).toBe(false);
    await scene.provision();
    await until(() => feed.following, 'following');
    await feed.close();
  });

  it('can be closed while it waits for a bus that is away', async () => {
    await scene.kill();
    try {
      const { feed, counts } = follow(scene.open('token-service'));
      await feed.close();
      expect(counts.resets).toBe(0);
    } finally { await scene.servers.nats.start(); }
  });
});
