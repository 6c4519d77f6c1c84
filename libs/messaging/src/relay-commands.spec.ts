import * as fc from 'fast-check';
import { decodeBatch, encodeBatch, Envelope } from '@strowger/contracts/cloud-event';
import { StrowgerEvent, subjectOf } from '@strowger/contracts/event-catalogue';
import { EventPublisher, Outbox, OutboxEntry } from '@strowger/contracts/outbox';
import { InMemoryOutbox } from './in-memory-outbox.fake';
import { Relay } from './relay';

const START = Date.parse('2026-01-01T00:00:00.000Z'), LIFE_MS = 120_000, RELAYS = 2;
const SUBJECT = subjectOf('token.issued');

/** What becomes of one call: it works; it never arrives; it arrives and its answer is lost; it arrives later; it arrives and the answer comes later. */
const fates = ['ok', 'ok', 'ok', 'refused', 'answer lost', 'late', 'answer late'] as const;
type Fate = (typeof fates)[number];
const turnOfLoop = (): Promise<void> => new Promise(resolve => { setImmediate(resolve); });

/** Calls over a network: each meets the next fate of the list, and any call once the list is used up. */
class Network {
  fates: Fate[] = [];
  private waiting: (() => void)[] = [];
  async call<T>(effect: () => Promise<T>): Promise<T> {
    switch (this.fates.shift() ?? 'ok') {
      case 'refused': throw new Error('away');
      case 'answer lost': await effect(); throw new Error('no answer');
      case 'late': await this.later(); return effect();
      case 'answer late': { const value = await effect(); await this.later(); return value; }
      default: return effect();
    }
  }
  /** Everything that is late arrives. */
  arrive(): void { for (const come of this.waiting.splice(0)) come(); }
  private later(): Promise<void> { return new Promise(resolve => this.waiting.push(resolve)); }
}

/** The outbox as a relay reaches it. */
class DistantOutbox extends Outbox {
  constructor(private readonly near: Outbox, private readonly network: Network) { super(); }
  override owed(limit: number, after?: OutboxEntry): Promise<OutboxEntry[]> { return this.network.call(() => this.near.owed(limit, after)); }
  override existing(events: readonly StrowgerEvent[]): Promise<ReadonlySet<string>> { return this.network.call(() => this.near.existing(events)); }
  override delete(ids: readonly string[]): Promise<void> { return this.network.call(() => this.near.delete(ids)); }
  override keepAbsent(entry: OutboxEntry, events: readonly StrowgerEvent[]): Promise<void> { return this.network.call(() => this.near.keepAbsent(entry, events)); }
}
class DistantPublisher extends EventPublisher {
  constructor(private readonly stream: Set<string>, private readonly network: Network) { super(); }
  override publish(_: string, batch: Uint8Array): Promise<void> {
    return this.network.call(() => { for (const event of decodeBatch(batch)) this.stream.add(Envelope.parse(event).id); return Promise.resolve(); });
  }
}
class CredulousOutbox extends InMemoryOutbox {
  override existing(events: readonly StrowgerEvent[]): Promise<ReadonlySet<string>> { return Promise.resolve(new Set(events.map(event => event.id))); }
}

/** Writers that issue, two relays over one outbox, and what a client and the stream know. */
class World {
  at = START;
  readonly outbox: InMemoryOutbox;
  readonly stream = new Set<string>();
  readonly answered = new Set<string>();
  /** Of events without a document of their own: those whose entry became durable. */
  readonly recorded = new Set<string>();
  readonly networks = Array.from({ length: RELAYS }, () => new Network());
  readonly relays: Relay[];
  private issued = 0;
  private late: (() => void)[] = [];

  constructor(outboxOf: (now: () => Date) => InMemoryOutbox) {
    const now = () => new Date(this.at);
    this.outbox = outboxOf(now);
    this.relays = this.networks.map(network => new Relay({
      outbox: new DistantOutbox(this.outbox, network), publisher: new DistantPublisher(this.stream, network), now, log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    }));
  }

  /** Documents and their entry go out side by side; whoever asked is answered when both are durable. */
  issue({ documents, entry, sure, publishes }: Issue): void {
    const number = ++this.issued, at = new Date(this.at), until = new Date(this.at + LIFE_MS);
    const ids = documents.map((_, index) => `${String(number)}.${String(index)}`), batch = encodeBatch(ids.map(id => eventOf(id, at)));
    this.write(entry, () => {
      this.outbox.add({ id: String(number), subject: SUBJECT, batch, sure, at, ...(!sure && { until }) });
      if (sure) for (const id of ids) this.recorded.add(id);
    });
    if (!sure) documents.forEach((fate, index) => { this.write(fate, () => { this.outbox.documents.add(ids[index] ?? ''); }); });
    const durable = ids.filter((_, index) => entry === 'now' && (sure || documents[index] === 'now'));
    for (const id of durable) this.answered.add(id);
    if (durable.length < ids.length || publishes === 'never') return;
    for (const id of ids) this.stream.add(id);
    if (publishes === 'and deletes') void this.outbox.delete([String(number)]);
  }
  arrive(): void { for (const come of this.late.splice(0)) come(); }

  /** Nothing fails any more, and enough time goes by for every pause and every `until`. */
  async calmsDown(): Promise<void> {
    this.arrive();
    for (const network of this.networks) network.fates = [];
    for (let i = 0; i < 8; i++) {
      for (const network of this.networks) { network.arrive(); await turnOfLoop(); network.arrive(); await turnOfLoop(); }
      await Promise.all(this.relays.map(relay => relay.look()));
      this.at += 61_000;
    }
  }
  verdict() {
    return {
      lost: [...this.answered].filter(id => !this.stream.has(id)), owed: this.outbox.entries.size,
      invented: [...this.stream].filter(id => !this.outbox.documents.has(id) && !this.recorded.has(id)),
    };
  }
  private write(fate: WriteFate, effect: () => void): void {
    if (fate === 'now') effect(); else if (fate === 'late') this.late.push(effect);
  }
}

const writeFates = ['now', 'now', 'late', 'never'] as const;
type WriteFate = (typeof writeFates)[number];
interface Issue { readonly documents: readonly WriteFate[]; readonly entry: WriteFate; readonly sure: boolean; readonly publishes: 'never' | 'only' | 'and deletes' }
const eventOf = (id: string, at: Date): StrowgerEvent => ({
  specversion: '1.0', id, source: '/token-service/a', type: 'token.issued', subject: id, time: at.toISOString(),
  data: { tenant_id: 't', version: 1, token_id: id, application_id: 'a', client_id: 'c', client_name: 'n', account_id: 'u', username: 'x', grant_type: 'client_credentials', scope: 'rest', token_format: 'jwt', expires_at: at.toISOString() },
});

type Command = fc.AsyncCommand<object, World>;
const command = (name: string, run: (world: World) => Promise<void> | void): Command => ({ check: () => true, run: async (_, world) => { await run(world); }, toString: () => name });
const commands: fc.Arbitrary<Command>[] = [
  fc.record<Issue>({
    documents: fc.array(fc.constantFrom(...writeFates), { minLength: 1, maxLength: 3 }), entry: fc.constantFrom(...writeFates), sure: fc.boolean(), publishes: fc.constantFrom('never', 'only', 'and deletes'),
  }).map(issue => command(`issue ${JSON.stringify(issue)}`, world => { world.issue(issue); })),
  fc.constant(command('what was late arrives', world => { world.arrive(); })),
  fc.tuple(fc.nat(RELAYS - 1), fc.array(fc.constantFrom(...fates), { maxLength: 6 })).map(([index, list]) => command(`relay ${String(index)} looks: ${list.join(', ')}`, async world => {
    const network = world.networks[index];
    if (network) network.fates = [...list];
    void world.relays[index]?.look();
    for (let i = 0; i < 3; i++) await turnOfLoop();
  })),
  fc.nat(RELAYS - 1).map(index => command(`what relay ${String(index)} waits for arrives`, async world => { world.networks[index]?.arrive(); await turnOfLoop(); })),
  fc.integer({ min: 1, max: 130 }).map(seconds => command(`${String(seconds)} s`, world => { world.at += seconds * 1000; })),
];

const property = (outboxOf: (now: () => Date) => InMemoryOutbox, ending: (world: World) => Promise<void>) => fc.asyncProperty(fc.commands(commands, { maxCommands: 30 }), async list => {
  const world = new World(outboxOf);
  await fc.asyncModelRun(() => ({ model: {}, real: world }), list);
  await ending(world);
  expect(world.verdict()).toEqual({ lost: [], owed: 0, invented: [] });
});

describe('whatever is late or lost between writers, outbox, two relays and the stream', () => {
  it('every answered token is told, none that is not there, and the outbox is empty in the end', async () => {
    await fc.assert(property(now => new InMemoryOutbox(now), world => world.calmsDown()), { numRuns: 300 });
  });

  it('is noticed where no relay finishes what was begun', async () => {
    expect((await fc.check(property(now => new InMemoryOutbox(now), () => Promise.resolve()), { numRuns: 300 })).failed).toBe(true);
  });

  it('is noticed where a relay does not look whether a document exists', async () => {
    expect((await fc.check(property(now => new CredulousOutbox(now), world => world.calmsDown()), { numRuns: 300 })).failed).toBe(true);
  });
});
