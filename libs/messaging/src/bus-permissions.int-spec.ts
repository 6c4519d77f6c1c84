import { connect as connectTcp } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { AUDIT_CONSUMER, busUsers, FEED_MARK, STREAM } from '@strowger/contracts/bus-users';
import { decodeBatch } from '@strowger/contracts/cloud-event';
import { EventType, eventCatalogue, serviceNames, subjectOf } from '@strowger/contracts/event-catalogue';
import { BusScene, eventBatch, until } from './bus-scene.fixture';

type User = ReturnType<typeof busUsers>[number]['name'];
const users = busUsers().map(({ name }) => name);
const services: readonly User[] = serviceNames;

let scene: BusScene;
const connections = new Map<User, NatsConnection>();
const refused: string[] = [];
beforeAll(async () => {
  scene = await BusScene.start('bus_permissions');
  for (const user of users) {
    const connection = await connect({ servers: scene.servers.natsUrl, user, pass: scene.servers.busPassword(user), inboxPrefix: `_INBOX_${user}`, reconnect: false });
    connections.set(user, connection);
    void (async () => {
      for await (const change of connection.status()) if (change.type === 'error' && change.error instanceof PermissionViolationError) refused.push(change.error.message);
    })();
  }
});
afterAll(async () => {
  for (const connection of connections.values()) await connection.close();
  await scene.stop();
});

const as = (user: User): NatsConnection => {
  const connection = connections.get(user);
  if (!connection) throw new Error(`no connection of ${user}`);
  return connection;
};
/** Does something and gives what the server refused meanwhile: it answers in order, so the flush comes back after the refusals. */
async function refusals(user: User, act: () => void): Promise<string[]> {
  const before = refused.length;
  act();
  await as(user).flush();
  await nextTurn();
  return refused.slice(before);
}
const mayPublish = async (user: User, subject: string): Promise<boolean> => (await refusals(user, () => { as(user).publish(subject); })).length === 0;
async function maySubscribe(user: User, subject: string, queue?: string): Promise<boolean> {
  const refusalsOfIt = await refusals(user, () => {
    const subscription = as(user).subscribe(subject, { callback: () => undefined, ...(queue !== undefined && { queue }) });
    subscription.unsubscribe();
  });
  return refusalsOfIt.length === 0;
}
/** Which users may, of all. */
const those = async (may: (user: User) => Promise<boolean>): Promise<User[]> => {
  const found: User[] = [];
  for (const user of users) if (await may(user)) found.push(user);
  return found;
};
const stored = async (): Promise<number> => (await (await jetstreamManager(as('provisioner'), { checkAPI: false })).streams.info(STREAM)).state.last_seq;
const isEventType = (type: string): type is EventType => type in eventCatalogue;

describe('S81: who may publish', () => {
  it.each(Object.keys(eventCatalogue).filter(isEventType).map(type => ({ type, owner: eventCatalogue[type].service })))('$type: nobody but $owner', async ({ type, owner }) => {
    // audit-service writes its own event straight into the trail.
    expect(await those(user => mayPublish(user, subjectOf(type)))).toEqual(owner === 'audit-service' ? [] : [owner]);
  });

  const api = '$JS.API';
  const matrix: readonly (readonly [subject: string, who: readonly User[]])[] = [
    // The mark, requests, and replies.
    [FEED_MARK, ['token-service']],
    ['strowger.rpc.feed.ask', services],
    ['strowger.rpc.keys.rotate', ['app-registry-service']],
    ...services.map(service => [`strowger.rpc.scope.announce.${service}`, [service]] as const),
    ['strowger.rpc.scope.announce.provisioner', []],
    ...services.map(service => [`_INBOX_${service}.x.y`, [...(service === 'app-registry-service' ? ['token-service' as const] : []), ...(service === 'scope-service' ? [] : ['scope-service' as const])]] as const),
    ['_INBOX_provisioner.x', []], ['_INBOX.x', []],
    // Subjects of nobody.
    ['strowger.events.invented', []], ['strowger.feed.lowering.invented', []], ['strowger.feed.token.issued', []], ['strowger.events.token.issued.more', []],
    ['strowger.events', []], ['strowger.events.*', []], ['strowger.events.>', []], ['strowger.>', []], ['anything', []],
    // The stream.
    [`${api}.STREAM.INFO.${STREAM}`, users],
    [`${api}.STREAM.CREATE.${STREAM}`, ['provisioner']], [`${api}.STREAM.UPDATE.${STREAM}`, ['provisioner']],
    ...['STREAM.DELETE', 'STREAM.PURGE', 'STREAM.MSG.DELETE', 'STREAM.MSG.GET', 'STREAM.SNAPSHOT', 'STREAM.RESTORE', 'DIRECT.GET', 'STREAM.PEER.REMOVE', 'STREAM.LEADER.STEPDOWN', 'CONSUMER.NAMES', 'CONSUMER.LIST']
      .map(call => [`${api}.${call}.${STREAM}`, []] as const),
    [`${api}.INFO`, []], [`${api}.STREAM.LIST`, []], [`${api}.STREAM.NAMES`, []], [`${api}.STREAM.CREATE.OTHER`, []], [`${api}.STREAM.INFO.OTHER`, []], ['$SYS.REQ.SERVER.PING', []], ['$SYS.REQ.ACCOUNT.PING.CONNZ', []],
    // A consumer of one's own, with the filter in the subject.
    [`${api}.CONSUMER.CREATE.${STREAM}.mine.strowger.feed.lowering.>`, services],
    [`${api}.CONSUMER.CREATE.${STREAM}.mine.strowger.feed.>`, ['token-service']],
    [`${api}.CONSUMER.CREATE.${STREAM}.mine.strowger.events.>`, []], [`${api}.CONSUMER.CREATE.${STREAM}.mine.>`, []], [`${api}.CONSUMER.CREATE.${STREAM}.mine`, []], [`${api}.CONSUMER.CREATE.${STREAM}`, []],
    [`${api}.CONSUMER.INFO.${STREAM}.mine`, services], [`${api}.CONSUMER.MSG.NEXT.${STREAM}.mine`, services],
    [`${api}.CONSUMER.DELETE.${STREAM}.mine`, []], [`${api}.CONSUMER.PAUSE.${STREAM}.mine`, []],
    // The consumer of audit-service.
    [`${api}.CONSUMER.CREATE.${STREAM}.audit.strowger.feed.lowering.>`, []], [`${api}.CONSUMER.CREATE.${STREAM}.audit`, []],
    [`${api}.CONSUMER.DURABLE.CREATE.${STREAM}.audit`, ['provisioner']], [`${api}.CONSUMER.INFO.${STREAM}.audit`, ['audit-service', 'provisioner']],
    [`${api}.CONSUMER.MSG.NEXT.${STREAM}.audit`, ['audit-service']],
    [`${api}.CONSUMER.DELETE.${STREAM}.audit`, []], [`${api}.CONSUMER.PAUSE.${STREAM}.audit`, []], [`${api}.CONSUMER.RESET.${STREAM}.audit`, []], [`${api}.CONSUMER.UNPIN.${STREAM}.audit`, []],
    [`$JS.ACK.${STREAM}.audit.1.1.1.1.0`, ['audit-service']], [`$JS.ACK.${STREAM}.mine.1.1.1.1.0`, []], ['$JS.FC.x', []],
  ];
  it.each(matrix)('%s: %j alone', async (subject, who) => {
    expect(await those(user => mayPublish(user, subject))).toEqual(users.filter(user => who.includes(user)));
  });

  it('holds for a subject that is named in a trace header too', async () => {
    const before = await stored(), trace = headers();
    trace.set('Nats-Trace-Dest', subjectOf('token.issued'));
    expect(await refusals('app-registry-service', () => { as('app-registry-service').publish(subjectOf('application.updated'), '[]', { headers: trace }); })).toHaveLength(1);
    expect(await stored()).toBe(before);
  });
});

describe('S81: who may subscribe', () => {
  const tooWide = ['>', '*', '*.>', 'strowger.>', 'strowger.*.>', '*.events.>', 'strowger.events.>', 'strowger.events.token.issued', 'strowger.feed.>', FEED_MARK, 'strowger.rpc.>', 'strowger.rpc.*.*', '_INBOX.>', '_INBOX_*.>',
    '$JS.>', '$JS.API.>', '$JS.EVENT.ADVISORY.>', '$JS.ACK.>', '$SYS.>', '*.API.>'];
  it.each([[undefined], ['token-service'], ['scope-service'], ['other']])('nobody listens to what is others\' or wider than an inbox (queue %s)', async queue => {
    for (const subject of tooWide) expect({ subject, may: await those(user => maySubscribe(user, subject, queue)) }).toEqual({ subject, may: [] });
  });

  it.each(users.map(owner => [owner]))('the inbox of %s: only itself', async owner => {
    expect(await those(user => maySubscribe(user, `_INBOX_${owner}.>`))).toEqual([owner]);
    expect(await those(user => maySubscribe(user, `_INBOX_${owner}.a.b`))).toEqual([owner]);
  });

  it('requests: only their answerer, and only in its queue, so that nobody listens along', async () => {
    for (const [subject, answerer] of [['strowger.rpc.feed.ask', 'token-service'], ['strowger.rpc.keys.rotate', 'token-service'], ['strowger.rpc.scope.announce.*', 'scope-service']] as const) {
      expect({ subject, may: await those(user => maySubscribe(user, subject, answerer)) }).toEqual({ subject, may: [answerer] });
      for (const queue of [undefined, 'another', `${answerer}2`, '*']) expect({ subject, queue, may: await those(user => maySubscribe(user, subject, queue)) }).toEqual({ subject, queue, may: [] });
    }
  });
});

describe('who may change the trail', () => {
  it('S83: app-registry-service\'s user cannot publish a token.issued, and nothing of it is stored', async () => {
    const before = await stored();
    expect(await mayPublish('app-registry-service', 'strowger.events.token.issued')).toBe(false);
    await expect(as('app-registry-service').request('strowger.events.token.issued', eventBatch(['forged']), { timeout: 500 })).rejects.toThrow();
    expect(await stored()).toBe(before);
  });

  it('S81: nobody deletes or purges, whatever is asked; the stream refuses it by its configuration too', async () => {
    const { config } = await (await jetstreamManager(as('provisioner'), { checkAPI: false })).streams.info(STREAM);
    expect(config).toMatchObject({ deny_delete: true, deny_purge: true });
    await expect((await jetstreamManager(as('provisioner'), { checkAPI: false, timeout: 30_000 })).streams.update(STREAM, { deny_purge: false })).rejects.toThrow(/deny purge/i);
    await expect((await jetstreamManager(as('provisioner'), { checkAPI: false, timeout: 30_000 })).streams.update(STREAM, { deny_delete: false })).rejects.toThrow(/deny message deletes?/i);
  });

  it('an answerer cannot be made to write into the stream by the reply subject of a request', async () => {
    const before = await stored();
    const asked = as('scope-service').subscribe('strowger.rpc.scope.announce.*', { queue: 'scope-service', max: 2 });
    await as('scope-service').flush();
    for (const reply of [FEED_MARK, 'strowger.events.token.issued']) as('pbx-api-service').publish('strowger.rpc.scope.announce.pbx-api-service', '{}', { reply });
    for await (const message of asked) expect(await refusals('scope-service', () => { message.respond('{"nonces":[],"owed":[]}'); })).toHaveLength(1);
    expect(await stored()).toBe(before);
  });
});

describe('what the server itself can be made to write', () => {
  // The server answers its API, and delivers pulled messages, on whatever reply subject a request names, by its own right.
  it('an answer of its API in the stream is an object, whatever its asker put into it: no reader takes it for events', async () => {
    const guard = as('pbx-api-service'), before = await stored(), forged = eventBatch(['forged']).toString();
    const config = { name: 'forger', description: forged, filter_subject: 'strowger.feed.lowering.>', ack_policy: 'none', deliver_policy: 'all', metadata: { forged }, mem_storage: true };
    const create = `$JS.API.CONSUMER.CREATE.${STREAM}.forger.strowger.feed.lowering.>`;
    guard.publish(create, JSON.stringify({ stream_name: STREAM, config, action: '' }), { reply: 'strowger.events.token.issued' });
    guard.publish(create, forged, { reply: 'strowger.events.token.issued' });
    guard.publish(`$JS.API.STREAM.INFO.${STREAM}`, forged, { reply: 'strowger.events.token.issued' });
    await until(async () => await stored() === before + 3, 'the answers are stored');
    const bodies = await unread();
    expect(bodies.filter(({ data }) => data.includes('io.nats.jetstream.api'))).toHaveLength(3);
    for (const { data } of bodies.filter(({ data }) => data.includes('io.nats.jetstream.api'))) expect(() => decodeBatch(data)).toThrow(SyntaxError);
  });

  it('a message that is pulled into the stream stays under its own subject: it is seen twice, never as another', async () => {
    const guard = as('pbx-api-service'), before = await stored();
    await jetstream(as('token-service')).publish(subjectOf('token.revoked'), eventBatch(['seen-twice'], 'token.revoked'));
    await until(async () => await stored() === before + 1, 'published');
    const manager = await jetstreamManager(guard, { checkAPI: false });
    await manager.consumers.add(STREAM, { name: 'copier', filter_subject: 'strowger.feed.lowering.>', ack_policy: AckPolicy.None, deliver_policy: DeliverPolicy.Last, mem_storage: true });
    guard.publish(`$JS.API.CONSUMER.MSG.NEXT.${STREAM}.copier`, JSON.stringify({ batch: 1, expires: 1e9 }), { reply: 'strowger.events.token.issued' });
    await until(async () => await stored() > before + 1, 'copied');
    const copies = (await unread()).filter(({ data }) => data.includes('seen-twice'));
    expect(copies.map(({ subject }) => subject)).toEqual(copies.map(() => subjectOf('token.revoked')));
    expect(copies.length).toBeGreaterThanOrEqual(2);
  });

  /** All that audit-service has not acknowledged yet. */
  const unread = async (): Promise<{ subject: string; data: Buffer }[]> => {
    const consumer = await jetstream(as('audit-service')).consumers.get(STREAM, AUDIT_CONSUMER), found: { subject: string; data: Buffer }[] = [];
    for await (const message of await consumer.fetch({ max_messages: 500, expires: 1000 })) {
      found.push({ subject: message.subject, data: Buffer.from(message.data) });
      message.ack();
    }
    return found;
  };
});

describe('S80: without credentials', () => {
  it('nobody is let in', async () => {
    for (const options of [{}, { user: 'token-service' }, { user: 'token-service', pass: '' }, { user: '', pass: '' }, { token: scene.servers.busPassword('token-service') }]) {
      await expect(connect({ servers: scene.servers.natsUrl, reconnect: false, timeout: 30_000, ...options })).rejects.toThrow(/authorization/i);
    }
  });

  it('a protocol line before the credentials does nothing', async () => {
    const before = await stored();
    const { hostname, port } = new URL(scene.servers.natsUrl);
    const answer = await new Promise<string>(resolve => {
      let said = '';
      const socket = connectTcp(Number(port), hostname, () => socket.write('PUB strowger.events.token.issued 2\r\n[]\r\nSUB > 1\r\nPING\r\n'));
      socket.on('data', (data: Buffer) => { said += data.toString(); }).on('error', () => undefined).on('close', () => { resolve(said); });
    });
    expect(answer).toMatch(/-ERR 'Authorization Violation'/i);
    expect(answer).not.toContain('PONG');
    expect(await stored()).toBe(before);
  });

  const reaches = (host: string, port: number) => new Promise<boolean>(resolve => {
    const socket = connectTcp({ host, port, timeout: 2000 }, () => { socket.destroy(); resolve(true); });
    socket.on('error', () => { resolve(false); }).on('timeout', () => { socket.destroy(); resolve(false); });
  });
  it('the monitor and the clients\' port are on loopback only, and no other port is open', async () => {
    const monitor = new URL(scene.servers.natsMonitorUrl), bus = new URL(scene.servers.natsUrl);
    expect(await reaches('127.0.0.1', Number(monitor.port))).toBe(true);
    const outside = Object.values(networkInterfaces()).flatMap(addresses => (addresses ?? []).filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address));
    for (const address of outside) for (const { port } of [monitor, bus]) expect(await reaches(address, Number(port))).toBe(false);
    const varz: unknown = await (await fetch(new URL('/varz', monitor))).json();
    expect(varz).toMatchObject({ host: '127.0.0.1', http_host: '127.0.0.1', cluster: {}, gateway: {}, leaf: {}, mqtt: {}, websocket: {} });
    expect(JSON.stringify(varz)).not.toContain(scene.servers.busPassword('token-service'));
  });
});
