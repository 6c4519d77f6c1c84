import { decodeBatch } from '@strowger/contracts/cloud-event';
import { EventPublisher } from '@strowger/contracts/outbox';
import { makeEvent } from '@strowger/models/outbox/make-event';
import { PastEvent, PastEvents } from '@strowger/models/outbox/past-events';
import { Reconciler } from './reconciler';

const NOW = new Date('2026-11-21T12:00:00Z');
const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);
interface Told { readonly id: string; readonly source: string }

/** Documents with the moment each was made, a trail, an outbox and a bus, all in memory. The trail takes from the bus while `trailWorks`. */
class Scene {
  readonly made = new Map<string, Date>();
  readonly trail = new Map<string, string>();
  readonly outbox = new Map<string, Date>();
  readonly published: Told[] = [];
  readonly compared = new Map<string, Date>();
  now = NOW;
  missing = 0;
  documentsRead = 0;
  trailWorks = true;
  busWorks = true;
  holder: string | undefined;

  reconciler(instance = 'i1'): Reconciler {
    const documents: PastEvents = {
      between: (from, to, limit) => {
        const found = [...this.made].filter(([, at]) => at >= from && at < to).slice(0, limit).map(([id]): PastEvent => ({ id, document: id }));
        this.documentsRead += found.length;
        return Promise.resolve(found);
      },
      again: (events, source) => Promise.resolve(events.map(({ id }) => makeEvent(source, 'grant.created', id, id, NOW, { tenant_id: 't1', version: 1, grant_id: id, application_id: 'a', account_id: 'p', scope: 'rest' }))),
    };
    const publish = (_subject: string, batch: Uint8Array): Promise<void> => {
      if (!this.busWorks) return Promise.reject(new Error('the bus is away'));
      this.published.push(...decodeBatch(batch) as Told[]);
      if (this.trailWorks) this.catchUp();
      return Promise.resolve();
    };
    return new Reconciler({
      documents: [documents], publisher: { publish } satisfies EventPublisher,
      trail: { sourcesOf: ids => Promise.resolve(new Map(ids.flatMap(id => { const source = this.trail.get(id); return source === undefined ? [] : [[id, source] as const]; }))) },
      owed: { among: (ids, from, to) => Promise.resolve(new Set([...this.outbox].filter(([id, at]) => ids.has(id) && at >= from && at < to).map(([id]) => id))) },
      progress: {
        claim: () => { this.holder ??= instance; return Promise.resolve(this.holder === instance ? Object.fromEntries(this.compared) : undefined); },
        compared: (age, until) => { this.compared.set(String(age), until); return Promise.resolve(); },
        found: () => Promise.resolve(),
      },
    }, { everySeconds: 60, confirmMs: 0, now: () => this.now, counts: { missing: many => { this.missing += many; }, compared: () => undefined } }, { warn: () => undefined });
  }
  catchUp(): void { for (const { id, source } of this.published) if (!this.trail.has(id)) this.trail.set(id, source); }
  document(id: string, at: Date, { recorded = false } = {}): void { this.made.set(id, at); if (recorded) this.trail.set(id, '/token-service/i1'); }
}

describe('comparing documents with the trail', () => {
  it('tells and counts what stands neither in the trail nor in the outbox, of documents a minute to a day old', async () => {
    const scene = new Scene();
    scene.document('lost', ago(300));
    scene.document('lost yesterday', ago(86_000));
    scene.document('recorded', ago(300), { recorded: true });
    scene.document('owed', ago(300));
    scene.outbox.set('owed', ago(299));
    scene.document('young', ago(59));
    scene.document('too old', ago(86_402));
    await scene.reconciler().compare();
    expect(scene.published.map(({ id, source }) => [id, source])).toEqual([['lost yesterday', '/token-service/reconciler'], ['lost', '/token-service/reconciler']]);
    expect(scene.missing).toBe(2);
  });

  it('looks at a document once at a minute and once at an hour of age, and then finds what came late', async () => {
    const scene = new Scene(), reconciler = scene.reconciler();
    scene.document('a', ago(120), { recorded: true });
    await reconciler.compare();
    scene.document('late', ago(120));
    for (let minute = 1; minute <= 90; minute++) { scene.now = ago(-60 * minute); await reconciler.compare(); }
    expect(scene.documentsRead).toBe(3);
    expect(scene.published.map(({ id }) => id)).toEqual(['late']);
  });

  it('goes on where another process has stopped, and leaves the work to one instance', async () => {
    const scene = new Scene();
    scene.document('a', ago(7200), { recorded: true });
    await scene.reconciler().compare();
    const read = scene.documentsRead;
    await scene.reconciler().compare();
    await scene.reconciler('i2').compare();
    expect(scene.documentsRead).toBe(read);
  });

  it('tells no more than 256 events to a trail that is late, and counts nothing that it knew already', async () => {
    const scene = new Scene(), reconciler = scene.reconciler();
    scene.trailWorks = false;
    for (let n = 0; n < 3000; n++) scene.document(`d${String(n)}`, ago(300 + n % 100));
    for (let round = 0; round < 3; round++) await reconciler.compare();
    expect(new Set(scene.published.map(({ id }) => id)).size).toBe(256);
    for (const id of scene.made.keys()) scene.trail.set(id, '/token-service/i1');
    scene.trailWorks = true;
    await reconciler.compare();
    expect(scene.missing).toBe(0);
    expect(scene.compared.get('60')).toEqual(ago(60));
  });

  it('counts what was missing even where the trail takes it only after the round', async () => {
    const scene = new Scene(), reconciler = scene.reconciler();
    scene.trailWorks = false;
    scene.document('lost', ago(300));
    await reconciler.compare();
    scene.catchUp();
    await reconciler.compare();
    expect([scene.missing, scene.published.length]).toEqual([1, 1]);
  });

  it('tells again after ten minutes what the trail never got', async () => {
    const scene = new Scene(), reconciler = scene.reconciler();
    scene.trailWorks = false;
    scene.document('lost', ago(300));
    for (const minute of [0, 1, 9, 11]) { scene.now = ago(-60 * minute); await reconciler.compare(); }
    expect(scene.published).toHaveLength(2);
  });

  it('repairs a loss of any size, however many documents one second has', async () => {
    const scene = new Scene();
    for (let n = 0; n < 6000; n++) scene.document(`d${String(n)}`, ago(n < 5000 ? 300 : 400 + n % 1000));
    await scene.reconciler().compare();
    expect(scene.missing).toBe(6000);
    expect(scene.trail.size).toBe(6000);
  });

  it('comes again to what it could not tell while the bus was away', async () => {
    const scene = new Scene(), reconciler = scene.reconciler();
    scene.busWorks = false;
    scene.document('lost', ago(300));
    await expect(reconciler.compare()).rejects.toThrow('the bus is away');
    scene.busWorks = true;
    await reconciler.compare();
    expect(scene.missing).toBe(1);
  });
});
