import fc from 'fast-check';
import { InMemoryPostings } from './audit-postings.fake';
import { AuditPostingsDocument, Place, postingsId } from './audit-postings.schema';
import { AuditPostingsReader } from './audit-postings.reader';
import { AuditPostingsWriter } from './audit-postings.writer';
import { conditionsOf, termOf, termsOf } from './audit-terms';
import { encodePostings, readPostings } from './posting-list';
import { drawerOf, TermMoments } from './term-moments';

const NOON = Date.UTC(2026, 10, 20, 12), ALWAYS = { from: -Infinity, to: Infinity };

describe('postings as bytes', () => {
  const number = fc.oneof(fc.constantFrom(0, 1, 127, 128, 129, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 48), fc.integer({ min: 0, max: 2 ** 40 }));
  const lists = fc.dictionary(fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(String), fc.array(number, { minLength: 1, maxLength: 30 }), { maxKeys: 20 });

  it('are read as they were written, each moment once, whatever the pauses between them', () => {
    fc.assert(fc.property(lists, fc.integer({ min: -(2 ** 45), max: 2 ** 45 }), (offsets, oldest) => {
      const postings = new Map(Object.entries(offsets).map(([term, list]) => [Number(term), list.map(offset => oldest + offset)]));
      const read = new Map<number, number[]>();
      readPostings(encodePostings(postings, oldest), oldest, 'all', (term, moment) => { read.set(term, [...read.get(term) ?? [], moment]); });
      expect(read).toEqual(new Map([...postings].map(([term, moments]) => [term, [...new Set(moments)].sort((a, b) => a - b)])));
    }));
  });

  it('hand over what is wanted and nothing else', () => {
    const bytes = encodePostings(new Map([[1, [NOON, NOON + 5]], [2, [NOON + 1]], [2 ** 32 - 1, [NOON + 300]]]), NOON), found: number[][] = [];
    readPostings(bytes, NOON, new Set([2, 2 ** 32 - 1, 7]), (term, moment) => { found.push([term, moment - NOON]); });
    expect(found).toEqual([[2, 1], [2 ** 32 - 1, 300]]);
  });

  it('cost little more than the bytes in which frequent moments differ', () => {
    expect(encodePostings(new Map([[termOf('type', 'token.issued'), Array.from({ length: 4000 }, (_, n) => NOON + n)]]), NOON).length).toBeLessThan(4010);
  });
});

describe('terms', () => {
  it('stay what they are: they are stored', () => {
    expect([termOf('client_id', 'c1'), termOf('subject', 'jörg@example.com'), termOf('type', 'token.issued')]).toEqual([1365336100, 1282919359, 3984735217]);
  });

  it('are spread evenly over the drawers, also of values that differ in one digit', () => {
    const drawers = new Map<number, number>();
    for (let n = 0; n < 25_600; n++) { const drawer = drawerOf(termOf('subject', `user-${String(n)}`)); drawers.set(drawer, (drawers.get(drawer) ?? 0) + 1); }
    expect(drawers.size).toBe(256);
    expect(Math.max(...drawers.values())).toBeLessThan(160);
  });

  it('of an event that is its own subject do not say so: there is one such event a token', () => {
    const event = { _id: 'x', type: 'token.issued', subject: 'x', data: {} };
    expect(termsOf(event)).toEqual([termOf('type', 'token.issued')]);
    expect(termsOf({ ...event, subject: 'y' })).toContain(termOf('subject', 'y'));
  });

  it('of one address are the same however it is written', () => {
    const found = (ip: string) => termsOf({ _id: 'x', type: 't', data: { ip } })[1];
    expect(found('::ffff:10.0.0.1')).toBe(found('10.0.0.1'));
    expect(found('2001:DB8:0:0::1')).toBe(found('2001:db8::1'));
    expect(found('10.0.0.1')).not.toBe(found('10.0.0.2'));
    expect(conditionsOf({ ip: ['2001:db8::1'] })).toEqual([new Set([found('2001:DB8::1')])]);
    for (const ip of ['fe80::1%eth0', 'unknown', '::ffff:1.2.3.4%lo', '']) expect(found(ip)).toBeDefined();
  });
});

describe('the moments of a term', () => {
  const term = 0x07_000001, neighbour = 0x07_000002;
  const documentOf = (place: Place, n: number, ...postings: [number, number[]][]): AuditPostingsDocument => {
    const moments = postings.flatMap(([, list]) => list), oldest = Math.min(...moments);
    return { _id: postingsId('t1', place, Math.max(...moments), String(n).padStart(3, '0')), tenant_id: 't1', oldest: new Date(oldest), events: 1, postings: encodePostings(new Map(postings), oldest) };
  };
  const momentsOf = async (documents: readonly AuditPostingsDocument[], terms = [term], unfiled: number[] = []) => {
    const store = new InMemoryPostings();
    await store.put(documents);
    return new TermMoments(store, 't1', new Set(terms), ALWAYS, [], unfiled, () => 1000);
  };
  const all = async (moments: TermMoments): Promise<number[]> => {
    const found: number[] = [];
    for await (const part of moments.newestFirst()) found.push(...part);
    return found;
  };
  /** Fifty documents that end at one moment, at which only the one that is read last has the term. */
  const ending = Array.from({ length: 50 }, (_, n) => documentOf(7, n, [neighbour, [NOON]], ...(n === 0 ? [[term, [NOON, NOON - 9]] as [number, number[]]] : []), ...(n % 10 === 5 ? [[term, [NOON - n]] as [number, number[]]] : [])));

  it('come newest first, each once, also where many documents end at one of them', async () => {
    expect(await all(await momentsOf(ending, [term], [NOON - 100, NOON - 5, NOON]))).toEqual([NOON, NOON - 5, NOON - 9, NOON - 15, NOON - 25, NOON - 35, NOON - 45, NOON - 100]);
  });

  it('are found among others as far as these go, also where many documents end at one of them', async () => {
    const moments = await momentsOf(ending);
    await moments.advance();
    expect(await moments.among([NOON])).toEqual([NOON]);
    expect(await moments.among([NOON - 1, NOON - 9, NOON - 35, NOON - 36])).toEqual([NOON - 9, NOON - 35]);
    expect(await moments.among([NOON - 45, NOON - 46])).toEqual([NOON - 45]);
    const short = await momentsOf(Array.from({ length: 50 }, (_, n) => documentOf(7, n, [n === 0 ? term : neighbour, [NOON]], ...(n === 1 ? [[neighbour, [NOON - 1]] as [number, number[]]] : []))));
    await short.advance();
    expect(await short.among([NOON, NOON - 1])).toEqual([NOON]);
  });

  it('of terms in several drawers come in one order', async () => {
    const other = 0x09_000001, documents = Array.from({ length: 40 }, (_, n) => documentOf(n % 3 ? 7 : 9, n, [n % 3 ? term : other, [NOON - n]]));
    expect(await all(await momentsOf(documents, [term, other]))).toEqual(Array.from({ length: 40 }, (_, n) => NOON - n));
  });

  it('that nobody asks for are not read: a rare condition spares the others', async () => {
    class Counting extends InMemoryPostings {
      read_ = 0;
      override async read(...asked: Parameters<InMemoryPostings['read']>) { const found = await super.read(...asked); this.read_ += found.length; return found; }
    }
    const store = new Counting();
    await store.put(Array.from({ length: 2000 }, (_, n) => documentOf(7, n, [term, [NOON - n * 10, NOON - n * 10 - 1]])));
    const moments = new TermMoments(store, 't1', new Set([term]), ALWAYS, [], [], () => 1000);
    await moments.advance();
    expect(await moments.among([NOON - 19_000])).toEqual([NOON - 19_000]);
    expect(store.read_).toBeLessThan(150);
  });
});

describe('filing', () => {
  const event = (n: number, tenant_id = 't1') => ({ _id: `e${String(n)}`, tenant_id, version: 1, source: '/x/y', type: 'token.issued', time: new Date(NOON + n), recorded_at: new Date(), data: { client_id: `c${String(n % 50)}` } });
  const placesOf = (store: InMemoryPostings): string[] => [...store.documents.keys()].map(id => id.split('/')[1] ?? '');

  it('waits until a tray has 512 documents, give or take a half, and then empties it, and no other tenant\'s', async () => {
    const store = new InMemoryPostings(), writer = new AuditPostingsWriter(store, () => 0.5);
    await writer.add([event(0, 't2')]);
    for (let n = 0; n < 511; n++) await writer.add([event(n)]);
    await writer.file();
    expect(placesOf(store)).toEqual(Array.from({ length: 512 }, () => 'tray'));
    await writer.add([event(511)]);
    await writer.file();
    expect(placesOf(store).filter(place => place === 'tray')).toHaveLength(1);
    expect(placesOf(store).length).toBeLessThan(60);
  });

  it('is not needed for many events at once: they go into their drawers', async () => {
    const store = new InMemoryPostings();
    await new AuditPostingsWriter(store).add(Array.from({ length: 9000 }, (_, n) => event(n)));
    expect(placesOf(store)).not.toContain('tray');
  });

  it('empties a tray however full, and what is told again before it is taken out is there once more at most', async () => {
    const store = new InMemoryPostings(), writer = new AuditPostingsWriter(store);
    for (let n = 0; n < 2500; n++) await writer.add([event(n)]);
    await writer.add([event(3)]);
    expect(store.documents.size).toBe(2500);
    await writer.empty('t1');
    expect(placesOf(store)).not.toContain('tray');
  });

  it.each(['before', 'after'])('hides nothing from a query that reads the tray just %s it', async when => {
    class Filed extends InMemoryPostings {
      private once = false;
      override async read(...asked: Parameters<InMemoryPostings['read']>) {
        const file = asked[1] === 'tray' && !this.once;
        if (file) this.once = true;
        if (file && when === 'after') await new AuditPostingsWriter(this).empty('t1');
        const found = await super.read(...asked);
        if (file && when === 'before') await new AuditPostingsWriter(this).empty('t1');
        return found;
      }
    }
    const store = new Filed(), writer = new AuditPostingsWriter(store);
    for (let n = 0; n < 100; n++) await writer.add([event(n)]);
    const found: number[] = [];
    for await (const { moments } of new AuditPostingsReader(store).moments('t1', conditionsOf({ client_id: 'c7' }).map(condition => ({ condition, also: [] })), ALWAYS, () => 1000)) found.push(...moments);
    expect(found).toEqual([NOON + 57, NOON + 7]);
  });
});
