import { FeedMark, MAX_MARK_BYTES, MAX_MARK_NONCES } from '@strowger/contracts/feed-mark';
import { FeedMarks } from './feed-marks';

const nonceOf = (name: string): string => name.padEnd(22, '-');
const turns = async (many = 20): Promise<void> => { for (let i = 0; i < many; i++) await new Promise(resolve => setImmediate(resolve)); };

/** An outbox and a feed that do one thing after another, as told. */
class Scene {
  readonly steps: string[] = [];
  readonly marks: FeedMark[] = [];
  owed: readonly unknown[] | 'too many' = [];
  fails: 'owed' | 'publish' | undefined;
  private gate = Promise.resolve();
  readonly marker = new FeedMarks({
    owed: async mostBytes => {
      this.steps.push(`read ${String(mostBytes)}`);
      await this.gate;
      if (this.fails === 'owed') throw new Error('away');
      return this.owed;
    },
    publish: async mark => {
      this.steps.push('publish');
      await this.gate;
      if (this.fails === 'publish') throw new Error('away');
      this.marks.push(FeedMark.parse(JSON.parse(mark)));
    },
    log: { warn: (_fields, line) => { this.steps.push(line); } },
  }, 0);
  /** Until the function it gives is called, nothing goes on. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.gate = promise.then(() => undefined);
    return () => { resolve(undefined); };
  }
  async marked(many: number): Promise<void> {
    const end = Date.now() + 30_000;
    while (this.marker.counters.published + this.marker.counters.failed < many) {
      if (Date.now() > end) throw new Error(`no ${String(many)} marks: ${this.steps.join()}`);
      await new Promise(resolve => setImmediate(resolve));
    }
    await turns(3);
  }
}
let scene: Scene;
beforeEach(() => { scene = new Scene(); });
afterEach(() => scene.marker.stop());

it('answers the nonces that came together with one mark, which says what is owed', async () => {
  scene.owed = [{ id: 'e1' }, { id: 'e2' }];
  for (const name of ['one', 'two']) scene.marker.ask(nonceOf(name));
  await scene.marked(1);
  expect(scene.marks).toEqual([{ nonces: ['one', 'two'].map(nonceOf), owed: scene.owed }]);
  expect(scene.steps).toEqual([`read ${String(MAX_MARK_BYTES)}`, 'publish']);
});
it.each(['read', 'publish'])('a nonce that comes after the %s began waits for the next mark, which reads anew', async step => {
  const release = scene.hold();
  scene.marker.ask(nonceOf('early'));
  while (!scene.steps.some(done => done.startsWith('read'))) await turns(1);
  const later = step === 'publish' ? scene.hold() : undefined;
  if (later) { release(); while (!scene.steps.includes('publish')) await turns(1); }
  scene.marker.ask(nonceOf('late'));
  await turns();
  expect(scene.marks).toEqual([]);
  scene.owed = [{ id: 'committed meanwhile' }];
  (later ?? release)();
  await scene.marked(2);
  expect(scene.marks.map(({ nonces }) => nonces)).toEqual([[nonceOf('early')], [nonceOf('late')]]);
  expect(scene.marks[1]).toMatchObject({ owed: [{ id: 'committed meanwhile' }] });
});
it.each<[string, readonly unknown[] | 'too many']>([['too many events', 'too many'], ['a text over 256 KiB', [{ id: 'x'.repeat(MAX_MARK_BYTES) }]]])('with %s the mark says so, and carries none', async (_name, owed) => {
  scene.owed = owed;
  scene.marker.ask(nonceOf('one'));
  await scene.marked(1);
  expect(scene.marks).toEqual([{ nonces: [nonceOf('one')], too_many: true }]);
});
it.each(['owed', 'publish'] as const)('where %s fails there is no mark, its nonces are gone, and the next ones get theirs', async fails => {
  scene.fails = fails;
  scene.marker.ask(nonceOf('lost'));
  await scene.marked(1);
  scene.fails = undefined;
  scene.marker.ask(nonceOf('next'));
  await scene.marked(2);
  expect(scene.marks).toEqual([{ nonces: [nonceOf('next')], owed: [] }]);
  expect(scene.marker.counters).toEqual({ published: 1, failed: 1 });
});
it('keeps a bounded number waiting, and puts no more into one mark than a guard reads', async () => {
  for (let i = 0; i < 20 * MAX_MARK_NONCES; i++) scene.marker.ask(nonceOf(`n${String(i)}`));
  await scene.marked(10);
  await turns();
  expect(scene.marks.map(({ nonces }) => nonces.length)).toEqual(Array(10).fill(MAX_MARK_NONCES));
});
it('stopped, makes no further mark', async () => {
  scene.marker.ask(nonceOf('one'));
  await scene.marker.stop();
  scene.marker.ask(nonceOf('two'));
  await turns();
  expect(scene.marks).toEqual([]);
});
