import { decodeBatch, encodeBatch, Envelope, MAX_EVENTS_PER_MESSAGE, MAX_MESSAGE_BYTES } from '@strowger/contracts/cloud-event';
import { StrowgerEvent, subjectOf } from '@strowger/contracts/event-catalogue';
import { EventPublisher, OutboxEntry } from '@strowger/contracts/outbox';
import { InMemoryOutbox } from './in-memory-outbox.fake';
import { Relay } from './relay';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const SUBJECT = subjectOf('token.issued');

class RecordingPublisher extends EventPublisher {
  readonly messages: { subject: string; batch: Uint8Array }[] = [];
  attempts = 0;
  refuses: (subject: string) => boolean = () => false;
  override publish(subject: string, batch: Uint8Array): Promise<void> {
    this.attempts++;
    if (this.refuses(subject)) return Promise.reject(new Error('away'));
    this.messages.push({ subject, batch });
    return Promise.resolve();
  }
  get ids(): string[] { return this.messages.flatMap(({ batch }) => decodeBatch(batch).map(event => Envelope.parse(event).id)); }
}

/** A writer that may die between any two of its steps, its outbox, its relay, and a clock that moves when told. */
class Scene {
  at = START;
  readonly outbox = new InMemoryOutbox(() => new Date(this.at));
  readonly publisher = new RecordingPublisher();
  readonly warnings: string[] = [];
  readonly relay = new Relay({
    outbox: this.outbox, publisher: this.publisher, now: () => new Date(this.at),
    log: { info: () => undefined, warn: (_, message) => { this.warnings.push(message); }, error: () => undefined },
  });

  event(id: string): StrowgerEvent {
    return {
      specversion: '1.0', id, source: '/token-service/a', type: 'token.issued', subject: id, time: new Date(this.at).toISOString(),
      data: { tenant_id: 't', version: 1, token_id: id, application_id: 'a', client_id: 'c', client_name: 'n', account_id: 'u', username: 'x', grant_type: 'client_credentials', scope: 'rest', token_format: 'jwt', expires_at: new Date(this.at).toISOString() },
    };
  }
  owe(id: string, eventIds: readonly string[], entry: Partial<OutboxEntry> = {}): void {
    this.outbox.add({ id, subject: SUBJECT, batch: encodeBatch(eventIds.map(one => this.event(one))), sure: true, at: new Date(this.at), ...entry });
  }
  async look(times = 1): Promise<void> {
    for (let i = 0; i < times; i++) { await this.relay.look(); this.at += 1000; }
  }
}

let scene: Scene;
beforeEach(() => { scene = new Scene(); });

/** An outbox that never looks whether a document exists. */
class CredulousOutbox extends InMemoryOutbox {
  override existing(events: readonly StrowgerEvent[]): Promise<ReadonlySet<string>> { return Promise.resolve(new Set(events.map(event => event.id))); }
}

/**
 * A writer issues forty tokens, inserting document and outbox entry side by side, and dies at every point in turn:
 * before the document, before the entry, before publishing, before deleting, never. It answers when both are durable.
 */
async function issueAndDie(finish: (outbox: InMemoryOutbox, publisher: EventPublisher, advance: () => void) => Promise<void>, outboxOf = (now: () => Date) => new InMemoryOutbox(now)) {
  const scene = new Scene();
  const outbox = outboxOf(() => new Date(scene.at));
  const answered: string[] = [];
  for (let i = 0; i < 40; i++) {
    const id = `token-${String(i)}`, dies = ['before document', 'before entry', 'before publish', 'before delete', 'never'][i % 5];
    const batch = encodeBatch([scene.event(id)]);
    if (dies !== 'before entry') outbox.add({ id, subject: SUBJECT, batch, sure: false, at: new Date(scene.at), until: new Date(scene.at + 600_000) });
    if (dies !== 'before document') outbox.documents.add(id);
    if (dies === 'before document' || dies === 'before entry') continue;
    answered.push(id);
    if (dies === 'before publish') continue;
    await scene.publisher.publish(SUBJECT, batch);
    if (dies === 'never') await outbox.delete([id]);
  }
  await finish(outbox, scene.publisher, () => { scene.at += 1000; });
  return { lost: answered.filter(id => !scene.publisher.ids.includes(id)), invented: scene.publisher.ids.filter(id => !outbox.documents.has(id)) };
}
const relayed = async (outbox: InMemoryOutbox, publisher: EventPublisher, advance: () => void) => {
  let at = START;
  const relay = new Relay({ outbox, publisher, now: () => new Date(at), log: { info: () => undefined, warn: () => undefined, error: () => undefined } });
  for (let i = 0; i < 3; i++) { await relay.look(); advance(); at += 1000; }
};

describe('a writer that dies at any point', () => {
  it('loses no answered token and invents none', async () => {
    expect(await issueAndDie(relayed)).toEqual({ lost: [], invented: [] });
  });

  it('loses tokens where no relay finishes what it began', async () => {
    const { lost, invented } = await issueAndDie(() => Promise.resolve());
    expect({ lost: lost.length, invented }).toEqual({ lost: 8, invented: [] });
  });

  it('invents tokens where the relay does not look whether their document exists', async () => {
    const { lost, invented } = await issueAndDie(relayed, now => new CredulousOutbox(now));
    expect({ lost, invented: invented.length }).toEqual({ lost: [], invented: 8 });
  });
});

describe('what a process that died still owes', () => {
  it('is published and deleted at the second look, not at the first', async () => {
    scene.owe('1', ['a', 'b']);
    await scene.look();
    expect(scene.publisher.ids).toEqual([]);
    await scene.look();
    expect(scene.publisher.ids).toEqual(['a', 'b']);
    expect(scene.publisher.messages[0]?.subject).toBe(SUBJECT);
    expect(scene.outbox.entries.size).toBe(0);
    expect(scene.relay.counters).toEqual({ published: 1, dropped: 0, failed: 0 });
  });

  it('is left alone when its writer published and deleted it between two looks', async () => {
    scene.owe('1', ['a']);
    await scene.look();
    await scene.outbox.delete(['1']);
    await scene.look(3);
    expect(scene.publisher.messages).toEqual([]);
  });

  it('is published byte for byte as it was written when it is sure', async () => {
    scene.owe('1', ['a'], { batch: Buffer.from('[{"whatever":1}]') });
    await scene.look(2);
    expect(Buffer.from(scene.publisher.messages[0]?.batch ?? []).toString()).toBe('[{"whatever":1}]');
  });

  it('goes out in pages, the oldest first, in one look when it is a whole day of it', async () => {
    for (let i = 0; i < 173; i++) scene.owe(String(i).padStart(3, '0'), [`event-${String(i)}`], { at: new Date(START - 86_400_000 + i) });
    await scene.look();
    expect(scene.publisher.ids).toEqual(Array.from({ length: 173 }, (_, i) => `event-${String(i)}`));
    expect(scene.outbox.entries.size).toBe(0);
  });

  it('is published by two relays at once no worse than twice', async () => {
    const second = new Relay({ outbox: scene.outbox, publisher: scene.publisher, now: () => new Date(scene.at), log: { info: () => undefined, warn: () => undefined, error: () => undefined } });
    scene.owe('1', ['a']);
    await Promise.all([scene.look(), second.look()]);
    await Promise.all([scene.look(), second.look()]);
    expect(new Set(scene.publisher.ids)).toEqual(new Set(['a']));
    expect(scene.publisher.messages.length).toBeLessThanOrEqual(2);
    expect(scene.outbox.entries.size).toBe(0);
  });
});

describe('an entry whose documents were inserted beside it', () => {
  const until = new Date(START + 600_000);

  it('gives only the events whose document exists, and the others when theirs appears', async () => {
    scene.owe('1', ['a', 'b', 'c'], { sure: false, until });
    scene.outbox.documents.add('a').add('c');
    await scene.look(2);
    expect(scene.publisher.ids).toEqual(['a', 'c']);
    scene.outbox.documents.add('b');
    await scene.look(6);
    expect(scene.publisher.ids).toEqual(['a', 'c', 'b']);
    expect(scene.outbox.entries.size).toBe(0);
  });

  it('publishes nothing, and waits with growing pauses, while no document exists', async () => {
    scene.owe('1', ['a'], { sure: false, until });
    const existing = jest.spyOn(scene.outbox, 'existing');
    await scene.look(120);
    expect(scene.publisher.messages).toEqual([]);
    expect(existing.mock.calls.length).toBeGreaterThan(3);
    expect(existing.mock.calls.length).toBeLessThan(12);
    expect(scene.outbox.entries.size).toBe(1);
  });

  it('is dropped after `until`', async () => {
    scene.owe('1', ['a', 'b'], { sure: false, until });
    scene.outbox.documents.add('a');
    await scene.look(2);
    scene.at = until.getTime() - 1000;
    await scene.look();
    expect(scene.outbox.entries.size).toBe(1);
    scene.at = until.getTime() + 61_000;
    await scene.look(2);
    expect(scene.outbox.entries.size).toBe(0);
    expect(scene.publisher.ids).toEqual(['a']);
    expect(scene.relay.counters.dropped).toBe(1);
  });

  it('is looked at once more when it is dropped: a document that came in the last pause is not lost', async () => {
    scene.owe('1', ['a'], { sure: false, until });
    await scene.look(2);
    scene.at = until.getTime() + 61_000;
    scene.outbox.documents.add('a');
    await scene.look(2);
    expect(scene.publisher.ids).toEqual(['a']);
    expect(scene.relay.counters.dropped).toBe(0);
  });

  it('is not dropped while the bus refuses the part that has documents', async () => {
    scene.owe('1', ['a', 'b'], { sure: false, until });
    scene.outbox.documents.add('a');
    scene.publisher.refuses = () => true;
    scene.at = until.getTime() + 1000;
    await scene.look(3);
    expect(scene.outbox.entries.size).toBe(1);
    scene.publisher.refuses = () => false;
    await scene.look();
    expect(scene.publisher.ids).toEqual(['a']);
    expect(scene.outbox.entries.size).toBe(0);
  });

  it('stays untouched when it holds an event of a type that this instance does not know', async () => {
    scene.owe('1', [], { sure: false, until, batch: encodeBatch([{ ...scene.event('a'), type: 'token.invented' }]) });
    scene.owe('2', ['b']);
    await scene.look(3);
    expect(scene.publisher.ids).toEqual(['b']);
    expect([...scene.outbox.entries.keys()]).toEqual(['1']);
    expect(scene.relay.counters.failed).toBeGreaterThan(0);
  });

  it('never makes a message larger than the one it was', async () => {
    const ids = Array.from({ length: MAX_EVENTS_PER_MESSAGE }, (_, i) => `event-${String(i)}`);
    scene.owe('1', ids, { sure: false, until });
    for (const id of ids.slice(0, -1)) scene.outbox.documents.add(id);
    await scene.look(2);
    const message = scene.publisher.messages[0];
    expect(decodeBatch(message?.batch ?? new Uint8Array())).toHaveLength(MAX_EVENTS_PER_MESSAGE - 1);
    expect(message?.batch.byteLength).toBeLessThan(MAX_MESSAGE_BYTES);
  });
});

describe('a look', () => {
  it('ends early while the bus is away, and the next one tries again', async () => {
    for (let i = 0; i < 120; i++) scene.owe(String(i).padStart(3, '0'), [`event-${String(i)}`], { at: new Date(START - 60_000) });
    scene.publisher.refuses = () => true;
    await scene.look();
    expect(scene.publisher.attempts).toBe(50);
    expect(scene.outbox.entries.size).toBe(120);
    scene.publisher.refuses = () => false;
    await scene.look();
    expect(scene.outbox.entries.size).toBe(0);
    expect(new Set(scene.publisher.ids).size).toBe(120);
  });

  it('passes over the one message that the bus refuses', async () => {
    scene.owe('1', ['a']);
    scene.owe('2', ['b'], { subject: 'strowger.events.forbidden' });
    scene.owe('3', ['c']);
    scene.publisher.refuses = subject => subject === 'strowger.events.forbidden';
    await scene.look(2);
    expect(scene.publisher.ids).toEqual(['a', 'c']);
    expect([...scene.outbox.entries.keys()]).toEqual(['2']);
  });

  it('that fails is logged, and the next one tries again', async () => {
    scene.owe('1', ['a']);
    const owed = jest.spyOn(scene.outbox, 'owed').mockRejectedValueOnce(new Error('database away'));
    await scene.look();
    expect(scene.warnings).toHaveLength(1);
    await scene.look(2);
    expect(owed).toHaveBeenCalledTimes(3);
    expect(scene.publisher.ids).toEqual(['a']);
  });

  it('never runs beside another', async () => {
    const owed = jest.spyOn(scene.outbox, 'owed');
    await Promise.all([scene.relay.look(), scene.relay.look(), scene.relay.look()]);
    expect(owed).toHaveBeenCalledTimes(1);
  });

  it('in progress is awaited by stop, and goes no further than its page', async () => {
    for (let i = 0; i < 120; i++) scene.owe(String(i).padStart(3, '0'), [`event-${String(i)}`], { at: new Date(START - 60_000) });
    const looking = scene.relay.look();
    await scene.relay.stop();
    expect(scene.publisher.messages).toHaveLength(50);
    await looking;
    expect(scene.outbox.entries.size).toBe(70);
  });

  it('comes each second once the relay is started, until it is stopped', async () => {
    jest.useFakeTimers();
    try {
      const owed = jest.spyOn(scene.outbox, 'owed');
      scene.relay.start();
      await jest.advanceTimersByTimeAsync(3000);
      expect(owed).toHaveBeenCalledTimes(3);
      await scene.relay.stop();
      await jest.advanceTimersByTimeAsync(3000);
      expect(owed).toHaveBeenCalledTimes(3);
    } finally { jest.useRealTimers(); }
  });
});
