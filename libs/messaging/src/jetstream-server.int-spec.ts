import 'reflect-metadata';
import { Controller, DynamicModule, INestMicroservice, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import { decodeBatch, Envelope } from '@strowger/contracts/cloud-event';
import { subjectOf } from '@strowger/contracts/event-catalogue';
import { BusScene, eventBatch, until } from './bus-scene.fixture';
import { JETSTREAM, JetStreamServer, JetStreamServerOptions, redeliveryDelay, STORED_MESSAGES, StoredMessage } from './jetstream-server';
import { JetStreamPublisher } from './jetstream-publisher';

const ISSUED = subjectOf('token.issued');

/** A reader as audit-service is: judges each message for itself, keeps events by id, and fails when told to. */
class Trail {
  readonly events = new Map<string, number>();
  readonly deadLetters: StoredMessage[] = [];
  readonly calls: StoredMessage[][] = [];
  behaves: (messages: StoredMessage[]) => Promise<void> | void = () => undefined;
  async take(messages: StoredMessage[]): Promise<void> {
    this.calls.push(messages);
    await this.behaves(messages);
    for (const message of messages) {
      try {
        for (const element of decodeBatch(message.body)) { const { id } = Envelope.parse(element); this.events.set(id, (this.events.get(id) ?? 0) + 1); }
      } catch { this.deadLetters.push(message); }
    }
  }
}
@Controller()
class TrailController {
  constructor(@Inject(Trail) private readonly trail: Trail) {}
  @EventPattern(STORED_MESSAGES, JETSTREAM) take(@Payload() messages: StoredMessage[]): Promise<void> { return this.trail.take(messages); }
}
@Module({})
class TrailModule {
  static with(trail: Trail): DynamicModule { return { module: TrailModule, controllers: [TrailController], providers: [{ provide: Trail, useValue: trail }] }; }
}

let scene: BusScene;
beforeAll(async () => { scene = await BusScene.start('jetstream_server'); });
afterAll(() => scene.stop());
const running: INestMicroservice[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(app => app.close()));
  await scene.closeAll();
  scene.lines.length = 0;
});

/** An audit-service instance of the bus's half only. */
async function instance(trail: Trail, options: Partial<JetStreamServerOptions> = {}) {
  const server = new JetStreamServer({ bus: scene.open('audit-service'), log: scene.log, ...options });
  const app = await NestFactory.createMicroservice(TrailModule.with(trail), { strategy: server, logger: false });
  running.push(app);
  await app.listen();
  return { server, app };
}
async function publisher() {
  const bus = scene.open('token-service');
  await until(() => bus.isReady(), 'the publisher is ready');
  const stream = new JetStreamPublisher(bus);
  return async (...ids: string[]) => { await stream.publish(ISSUED, eventBatch(ids)); };
}
const idle = async ({ server }: { server: JetStreamServer }) => until(async () => {
  const { messages, unacknowledged } = await server.backlog();
  return messages === 0 && unacknowledged === 0;
}, 'everything is acknowledged', 60_000);
const has = (trail: Trail, ...ids: string[]) => until(() => ids.every(id => trail.events.has(id)), `the trail has ${ids.join(', ')}`, 60_000);

describe('the transport', () => {
  it('hands over subject, bytes, place and times, and acknowledges what was taken', async () => {
    const trail = new Trail(), audit = await instance(trail), publish = await publisher();
    const before = Date.now();
    await publish('one', 'two');
    await has(trail, 'one', 'two');
    const message = trail.calls.flat().find(({ body }) => Buffer.from(body).includes('"one"'));
    expect(message).toMatchObject({ subject: ISSUED, deliveries: 1 });
    expect(Buffer.from(message?.body ?? []).equals(eventBatch(['one', 'two']))).toBe(true);
    expect(message?.sequence).toBeGreaterThan(0);
    for (const at of [message?.storedAt, message?.receivedAt]) expect(Math.abs((at?.getTime() ?? 0) - before)).toBeLessThan(10_000);
    await idle(audit);
    expect([...trail.events.values()].every(times => times === 1)).toBe(true);
  });

  it('says nothing to a service without a handler: it refuses to start', async () => {
    const server = new JetStreamServer({ bus: scene.open('audit-service'), log: scene.log });
    const app = await NestFactory.createMicroservice({ module: TrailModule }, { strategy: server, logger: false });
    await expect(app.listen()).rejects.toThrow('no handler');
  });

  it('leaves the mark of the feed out', async () => {
    const trail = new Trail(), audit = await instance(trail), publish = await publisher();
    await new JetStreamPublisher(await opened('token-service')).publish('strowger.feed.lowering.mark', Buffer.from('{"nonces":[],"owed":[]}'));
    await publish('after-mark');
    await has(trail, 'after-mark');
    await idle(audit);
    expect(trail.calls.flat().map(({ subject }) => subject)).not.toContain('strowger.feed.lowering.mark');
  });
  const opened = async (user: 'token-service') => {
    const bus = scene.open(user);
    await bus.connection();
    return bus;
  };

  it('hands over together what waits together, never more than it was told, in no more calls than it was told', async () => {
    const publish = await publisher();
    const ids = Array.from({ length: 60 }, (_, i) => `together-${String(i)}`);
    await Promise.all(ids.map(id => publish(id)));
    const trail = new Trail();
    let now = 0, most = 0;
    trail.behaves = async () => { most = Math.max(most, ++now); await new Promise(resolve => setTimeout(resolve, 20)); now--; };
    const audit = await instance(trail, { messagesAtOnce: 8, handlersAtOnce: 3 });
    await has(trail, ...ids);
    await idle(audit);
    const sizes = trail.calls.map(call => call.length);
    expect(Math.max(...sizes)).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(3);
  });

  it('gathers what comes after a call, for as long as it was told or until it is enough; the first to come does not wait, and the end gives back', async () => {
    const trail = new Trail(), publish = await publisher(), hour = await instance(trail, { gatherMs: 3_600_000, messagesAtOnce: 8 });
    await publish('gather-first');
    await has(trail, 'gather-first');
    const ids = Array.from({ length: 8 }, (_, i) => `gather-${String(i)}`);
    for (const id of ids) await publish(id);
    await has(trail, ...ids);
    expect(trail.calls.map(call => call.length)).toEqual([1, 8]);
    await publish('gather-last');
    await until(async () => (await hour.server.backlog()).unacknowledged === 1, 'it has arrived');
    await hour.app.close();
    expect(trail.events.has('gather-last')).toBe(false);
    const second = await instance(trail, { gatherMs: 50 });
    await has(trail, 'gather-last');
    for (const id of ['a', 'b', 'c']) await publish(`gather-${id}`);
    await has(trail, 'gather-a', 'gather-b', 'gather-c');
    await idle(second);
  });

  it('hands over no more bytes at once than it was told, unless one message has more', async () => {
    const publish = await publisher(), ids = Array.from({ length: 12 }, (_, i) => `bytes-${String(i)}-${'x'.repeat(i === 5 ? 20_000 : 3000)}`);
    for (const id of ids) await publish(id);
    const trail = new Trail(), audit = await instance(trail, { bytesAtOnce: 30_000 });
    await idle(audit);
    expect(trail.calls.flat()).toHaveLength(12);
    const sizes = trail.calls.map(call => call.reduce((sum, { body }) => sum + body.length, 0));
    expect(Math.max(...trail.calls.map(call => call.length))).toBeGreaterThan(1);
    expect(sizes.filter(size => size > 30_000)).toHaveLength(1);
  });
});

describe('a handler that fails', () => {
  it('has its messages again, each alone, after a pause that grows to ten seconds', async () => {
    expect([1, 2, 3, 4, 5, 50].map(redeliveryDelay)).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
    const publish = await publisher();
    await Promise.all(['fails-1', 'fails-2', 'fails-3'].map(id => publish(id)));
    const trail = new Trail();
    trail.behaves = messages => { if (messages.some(({ deliveries }) => deliveries === 1)) throw new Error('the database is away'); };
    const audit = await instance(trail);
    await has(trail, 'fails-1', 'fails-2', 'fails-3');
    await idle(audit);
    for (const call of trail.calls.filter(messages => messages.some(({ deliveries }) => deliveries > 1))) expect(call).toHaveLength(1);
    const [first] = trail.calls, again = trail.calls.find(messages => messages.some(({ deliveries }) => deliveries > 1));
    expect((again?.[0]?.receivedAt.getTime() ?? 0) - (first?.[0]?.receivedAt.getTime() ?? 0)).toBeGreaterThanOrEqual(900);
  });

  it('S84: does not hold up the messages beside it, whatever it chokes on, and nothing is lost', async () => {
    const publish = await publisher();
    const raw = new JetStreamPublisher(scene.open('token-service'));
    const trail = new Trail();
    trail.behaves = messages => { if (messages.some(({ body, deliveries }) => Buffer.from(body).includes('chokes') && deliveries < 4)) throw new Error('chokes'); };
    const audit = await instance(trail);
    await until(() => audit.server.following, 'following');
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const bodies = ['{"not json', '', '\u0000\u0001', '{}', 'null', '[[[]]]', deep, '[{"specversion":"1.0"}]', Buffer.alloc(900_000, 0x61).toString()];
    const good = Array.from({ length: 20 }, (_, i) => `beside-${String(i)}`);
    await until(() => raw.publish(ISSUED, Buffer.from('{"__proto__":{}}')).then(() => true, () => false), 'published');
    const sent = Promise.all([...bodies.map(body => raw.publish(ISSUED, Buffer.from(body))), publish('chokes'), ...good.map(id => publish(id))]);
    await sent;
    await has(trail, ...good);
    expect(trail.events.has('chokes')).toBe(false);
    await has(trail, 'chokes');
    await idle(audit);
    expect(trail.deadLetters.length).toBeGreaterThanOrEqual(bodies.length);
  });

  it('S84: never sees a message beyond the limit of the bus: it is refused to its publisher', async () => {
    const bus = scene.open('token-service');
    await until(() => bus.isReady(), 'ready');
    await expect(new JetStreamPublisher(bus).publish(ISSUED, Buffer.alloc(8 * 1024 * 1024, 0x61))).rejects.toThrow(/max_payload/i);
    await (await publisher())('after-giant');
    const trail = new Trail();
    await instance(trail);
    await has(trail, 'after-giant');
  });
});

describe('a bus that comes and goes', () => {
  it('is waited for: an instance that starts before the stream exists takes messages when it does', async () => {
    await scene.restartEmpty();
    const trail = new Trail(), audit = await instance(trail);
    await until(() => scene.lines.some(({ message }) => message.startsWith('not following the stream')), 'said that it waits');
    expect(audit.server.following).toBe(false);
    await scene.provision();
    await (await publisher())('after-provisioning');
    await has(trail, 'after-provisioning');
  });

  it('may be killed under load, five times: two instances have every acknowledged event, and nothing invented', async () => {
    const trail = new Trail();
    const one = await instance(trail);
    await instance(trail);
    const bus = scene.open('token-service'), stream = new JetStreamPublisher(bus);
    await until(() => bus.isReady(), 'ready');
    const acknowledged: string[] = [], tried: string[] = [];
    const enough = new AbortController();
    const load = (async () => {
      for (let i = 0; !enough.signal.aborted; i++) {
        const ids = Array.from({ length: 10 }, (_, j) => `load-${String(i)}-${String(j)}`);
        tried.push(...ids);
        await stream.publish(ISSUED, eventBatch(ids)).then(() => acknowledged.push(...ids), async () => { await bus.connection(); });
      }
    })();
    for (let kill = 0; kill < 5; kill++) {
      const had = acknowledged.length;
      await until(() => acknowledged.length > had + 200, 'load flows');
      await scene.crash();
    }
    enough.abort();
    await load;
    await until(() => acknowledged.every(id => trail.events.has(id)), 'all that was acknowledged is in the trail', 90_000);
    await idle(one);
    const known = new Set(tried);
    expect([...trail.events.keys()].filter(id => id.startsWith('load-') && !known.has(id))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(1000);
  });

  it('may freeze while a handler works: the messages are acknowledged when it is back, not delivered again', async () => {
    const trail = new Trail(), gate = Promise.withResolvers<undefined>();
    trail.behaves = async messages => { if (messages.some(({ body }) => Buffer.from(body).includes('slow'))) await gate.promise; };
    const bus = scene.open('audit-service'), audit = await instance(trail, { bus }), publish = await publisher();
    await publish('slow');
    await until(() => trail.calls.length > 0, 'the handler works');
    scene.servers.nats.kill('SIGSTOP');
    try {
      await until(() => !bus.connected, 'noticed');
      gate.resolve(undefined);
      await until(() => trail.events.has('slow'), 'handled');
    } finally { scene.servers.nats.kill('SIGCONT'); }
    await idle(audit);
    expect(trail.events.get('slow')).toBe(1);
  });
});

describe('the end', () => {
  it('waits for the handlers under way and acknowledges them; what nobody began goes to another instance at once', async () => {
    const publish = await publisher();
    const trail = new Trail(), gate = Promise.withResolvers<undefined>();
    trail.behaves = () => gate.promise;
    const { app, server } = await instance(trail, { messagesAtOnce: 1, handlersAtOnce: 1 });
    await Promise.all(['end-1', 'end-2', 'end-3'].map(id => publish(id)));
    await until(() => trail.calls.length === 1, 'one is under way');
    await until(async () => (await server.backlog()).unacknowledged >= 2, 'another waits in memory');
    const closed = server.close();
    gate.resolve(undefined);
    await closed;
    running.splice(running.indexOf(app), 1);
    expect(trail.calls).toHaveLength(1);
    const other = new Trail(), second = await instance(other);
    await until(() => trail.events.size + other.events.size === 3, 'the others took the rest', 25_000);      // what is not given back comes again after thirty
    await idle(second);
    expect([...trail.events.keys(), ...other.events.keys()].sort()).toEqual(['end-1', 'end-2', 'end-3']);
  });

  it('does not wait for a bus that is away', async () => {
    const { server } = await instance(new Trail());
    await until(() => server.following, 'following');
    await scene.kill();
    try {
      const began = Date.now();
      await server.close();
      expect(Date.now() - began).toBeLessThan(10_000);
    } finally { await scene.servers.nats.start(); }
  });
});
