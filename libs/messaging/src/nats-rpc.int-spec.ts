import 'reflect-metadata';
import { Controller, INestMicroservice, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { rpc } from '@strowger/contracts/bus-users';
import { z } from 'zod';
import { BusScene, until } from './bus-scene.fixture';
import { natsRpcServerOptions } from './nats-rpc';
import type { RpcRequest, RpcRoute } from './nats-rpc';
import { RpcError } from './rpc-error';
import { rpcRequest } from './rpc-request';

const Greeting = z.strictObject({ say: z.string().max(100) });
type Greeting = z.infer<typeof Greeting>;
const Nonce = z.strictObject({ nonce: z.string() });

const heard: { subject: string; request: RpcRequest<unknown> }[] = [];
let gate: Promise<unknown> = Promise.resolve();
@Controller()
class ScopeController {
  @MessagePattern(rpc.announceScopesOfAny, Transport.NATS)
  async announce(@Payload() request: RpcRequest<Greeting>): Promise<unknown> {
    heard.push({ subject: rpc.announceScopesOfAny, request });
    await gate;
    if (request.body.say === 'refuse me') throw new RpcError('invalid_request', 'not that one', new Error('secret cause'));
    if (request.body.say === 'break') throw new Error('secret detail of the database');
    if (request.body.say === 'nothing') return undefined;
    return { greeted: request.asker, said: request.body.say };
  }
}
@Controller()
class FeedController {
  @EventPattern(rpc.askFeed, Transport.NATS) ask(@Payload() request: RpcRequest<{ nonce: string }>): void { heard.push({ subject: rpc.askFeed, request }); }
  @MessagePattern(rpc.rotateKeys, Transport.NATS) rotate(@Payload() request: RpcRequest<unknown>): unknown { heard.push({ subject: rpc.rotateKeys, request }); return { rotated: true }; }
}
@Module({ controllers: [ScopeController] })
class ScopeModule {}
@Module({ controllers: [FeedController] })
class FeedModule {}
const scopeRoutes: RpcRoute[] = [{ subject: rpc.announceScopesOfAny, asker: 'last token of the subject', body: Greeting }];
const feedRoutes: RpcRoute[] = [{ subject: rpc.askFeed, asker: 'nobody', body: Nonce }, { subject: rpc.rotateKeys, asker: { user: 'app-registry-service' }, body: z.strictObject({}) }];

let scene: BusScene;
beforeAll(async () => {
  Logger.overrideLogger(false);
  scene = await BusScene.start('nats_rpc');
});
afterAll(() => scene.stop());
const running: INestMicroservice[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(app => app.close()));
  await scene.closeAll();
  scene.lines.length = 0;
  heard.length = 0;
  gate = Promise.resolve();
});

async function answerer(module: typeof ScopeModule | typeof FeedModule, user: 'scope-service' | 'token-service', routes: RpcRoute[]) {
  const bus = scene.open(user);
  const app = await NestFactory.createMicroservice(module, { ...natsRpcServerOptions(bus, scene.log, user, routes), logger: false });
  running.push(app);
  await app.listen();
  return { bus, app };
}
const scopeService = () => answerer(ScopeModule, 'scope-service', scopeRoutes);
const asker = async (user: 'pbx-api-service' | 'app-registry-service' | 'audit-service' = 'pbx-api-service') => {
  const bus = scene.open(user);
  await bus.connection();
  return bus;
};
const Answer = z.object({ greeted: z.string(), said: z.string() });
const greet = (bus: Awaited<ReturnType<typeof asker>>, say: string, user = 'pbx-api-service') => rpcRequest(bus, `strowger.rpc.scope.announce.${user}`, { say }, Answer);
const answered = async (bus: Awaited<ReturnType<typeof asker>>) => until(() => greet(bus, 'hello').catch(() => undefined), 'answered');

describe('a request', () => {
  it('is answered with raw JSON, and its asker is the one that the bus let publish', async () => {
    await scopeService();
    const bus = await asker();
    expect(await answered(bus)).toEqual({ greeted: 'pbx-api-service', said: 'hello' });
    const raw = await (await bus.connection()).request('strowger.rpc.scope.announce.pbx-api-service', '{"say":"raw"}', { timeout: 30_000 });
    expect(raw.string()).toBe('{"ok":{"greeted":"pbx-api-service","said":"raw"}}');
    const nothing = await (await bus.connection()).request('strowger.rpc.scope.announce.pbx-api-service', '{"say":"nothing"}', { timeout: 30_000 });
    expect(nothing.string()).toBe('{"ok":null}');
  });

  it('that is refused says why, and one that breaks says nothing of the cause', async () => {
    await scopeService();
    const bus = await asker();
    await answered(bus);
    await expect(greet(bus, 'refuse me')).rejects.toMatchObject({ code: 'invalid_request', description: 'not that one' });
    const raw = await (await bus.connection()).request('strowger.rpc.scope.announce.pbx-api-service', '{"say":"break"}', { timeout: 30_000 });
    expect(raw.json()).toEqual({ error: 'server_error', error_description: 'the request could not be handled' });
    await expect(rpcRequest(bus, 'strowger.rpc.scope.announce.pbx-api-service', { say: 'hello' }, z.object({ other: z.number() }))).rejects.toMatchObject({ code: 'server_error' });
  });

  it('in another\'s name never arrives', async () => {
    await scopeService();
    const bus = await asker();
    await answered(bus);
    heard.length = 0;
    await expect(greet(bus, 'as another', 'app-registry-service')).rejects.toThrow();
    await answered(bus);
    expect(heard.map(({ request }) => request.asker)).toEqual(['pbx-api-service']);
  });

  it('whose reply is not under the asker\'s inbox, or whose body is not its shape, reaches no handler and no answer is sent', async () => {
    await scopeService();
    const bus = await asker(), connection = await bus.connection(), subject = 'strowger.rpc.scope.announce.pbx-api-service';
    await answered(bus);
    heard.length = 0;
    const replies: string[] = [];
    connection.subscribe('_INBOX_pbx-api-service.dropped', { callback: (_, message) => { replies.push(message.string()); } });
    const own = '_INBOX_pbx-api-service.dropped';
    for (const reply of ['strowger.feed.lowering.mark', 'strowger.events.token.issued', '_INBOX_app-registry-service.x', '_INBOX_pbx-api-service', '_INBOX_pbx-api-servicex.y', undefined]) connection.publish(subject, '{"say":"x"}', reply === undefined ? {} : { reply });
    for (const body of ['', 'x', '{', 'null', '[]', '{"say":1}', '{"say":"x","more":1}', '{"__proto__":{"say":"x"}}', JSON.stringify({ say: 'x'.repeat(101) }), `${'['.repeat(50_000)}${']'.repeat(50_000)}`]) connection.publish(subject, body, { reply: own });
    await answered(bus);
    expect(heard.map(({ request }) => request.body)).toEqual([{ say: 'hello' }]);
    expect(replies).toEqual([]);
    expect(scene.lines.filter(({ message }) => message === 'a message on the bus was dropped')).toHaveLength(16);
  });

  it('is answered by one of two instances', async () => {
    await scopeService();
    await scopeService();
    const bus = await asker();
    await answered(bus);
    heard.length = 0;
    for (let i = 0; i < 20; i++) await greet(bus, `to one ${String(i)}`);
    expect(heard).toHaveLength(20);
  });

  it('that was accepted is answered although the answerer is being stopped; later ones are not taken', async () => {
    const { app } = await scopeService();
    const bus = await asker(), open = Promise.withResolvers<undefined>();
    await answered(bus);
    heard.length = 0;
    gate = open.promise;
    const slow = greet(bus, 'slow');
    await until(() => heard.length === 1, 'accepted');
    running.splice(0);
    const closed = app.close();
    open.resolve(undefined);
    await closed;
    expect(await slow).toEqual({ greeted: 'pbx-api-service', said: 'slow' });
    await expect(greet(bus, 'late')).rejects.toThrow();
    expect(heard).toHaveLength(1);
  });
});

describe('an answerer', () => {
  it('starts while the bus is away, can be stopped while it is, and answers when it comes', async () => {
    await scene.kill();
    const { app } = await scopeService();
    await app.close();
    running.splice(0);
    await scopeService();
    await scene.servers.nats.start();
    expect(await answered(await asker())).toEqual({ greeted: 'pbx-api-service', said: 'hello' });
  });

  it('answers again after the server was killed', async () => {
    await scopeService();
    const bus = await asker();
    await answered(bus);
    await scene.crash();
    expect(await answered(bus)).toEqual({ greeted: 'pbx-api-service', said: 'hello' });
  });

  it('that is not there is told to the asker within its bound', async () => {
    const bus = await asker(), began = Date.now();
    await expect(greet(bus, 'anybody?')).rejects.toThrow();
    expect(Date.now() - began).toBeLessThan(20_000);
  });

  it('hears messages that are not answered, and only those without a reply', async () => {
    await answerer(FeedModule, 'token-service', feedRoutes);
    const bus = await asker('audit-service'), connection = await bus.connection(), registry = await asker('app-registry-service');
    await until(() => rpcRequest(registry, rpc.rotateKeys, {}, z.object({ rotated: z.boolean() })).catch(() => undefined), 'subscribed');
    heard.length = 0;
    connection.publish(rpc.askFeed, '{"nonce":"with-reply"}', { reply: '_INBOX_audit-service.x' });
    connection.publish(rpc.askFeed, '{"nonce":7}');
    connection.publish(rpc.askFeed, '{"nonce":"good"}');
    await until(() => heard.length > 0, 'heard');
    expect(heard).toEqual([{ subject: rpc.askFeed, request: { asker: undefined, body: { nonce: 'good' } } }]);
    heard.length = 0;
    await rpcRequest(registry, rpc.rotateKeys, {}, z.object({ rotated: z.literal(true) }));
    expect(heard).toEqual([{ subject: rpc.rotateKeys, request: { asker: 'app-registry-service', body: {} } }]);
  });
});
