import fc from 'fast-check';
import { InMemoryPostings } from './audit-postings.fake';
import { AuditPostingsDocument, drawerOf, Place, postingsId } from './audit-postings.schema';
import { AuditPostingsReader } from './audit-postings.reader';
import { AuditPostingsWriter, documentOf, filed } from './audit-postings.writer';
import { conditionsOf, termOf, termsOf } from './audit-terms';
import { encodePostings, readPostings } from './posting-list';
import { TermMoments } from './term-moments';

const NOON = Date.UTC(2026, 10, 20, 12), ALWAYS = { from: -Infinity, to: Infinity };

describe('postings as bytes', () => {
  const number = fc.oneof(fc.constantFrom(0, 1, 127, 128, 129, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 48), fc.integer({ min: 0, max: 2 ** 40 }));
  const lists = fc.dictionary(fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(String), fc.array(number, { minLength: 1, maxLength: 30 }), { maxKeys: 20 });

  it('are read as they were written, each moment once, whatever the pauses between them', () => {
    fc.assert(fc.property(lists, fc.integer({ min: -(2 ** 45), max: 2 ** 45 }), (offsets, oldest) => {
      const postings = new Map(Object.entries(offsets).map(([term, list]) => [Number(term), list.map(offset => oldest + offset)]));
      const read = new Map<number, number[]>();
      readPostings(encodePostings(postings, oldest), oldest, 'all', (term, moments) => { read.set(term, [...read.get(term) ?? [], ...moments]); });
      expect(read).toEqual(new Map([...postings].map(([term, moments]) => [term, [...new Set(moments)].sort((a, b) => a - b)])));
    }));
  });

  it('hand over what is wanted and nothing else', () => {
    const bytes = encodePostings(new Map([[1, [NOON, NOON + 5]], [2, [NOON + 1]], [2 ** 32 - 1, [NOON + 300]]]), NOON), found: number[][] = [];
    readPostings(bytes, NOON, new Set([2, 2 ** 32 - 1, 7]), (term, moments) => { for (const moment of moments) found.push([term, moment - NOON]); });
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
  const endingWith = (place: Place, n: number, ...postings: [number, number[]][]): AuditPostingsDocument => {
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
  const ending = Array.from({ length: 50 }, (_, n) => endingWith(7, n, [neighbour, [NOON]], ...(n === 0 ? [[term, [NOON, NOON - 9]] as [number, number[]]] : []), ...(n % 10 === 5 ? [[term, [NOON - n]] as [number, number[]]] : [])));

  it('come newest first, each once, also where many documents end at one of them', async () => {
    expect(await all(await momentsOf(ending, [term], [NOON - 100, NOON - 5, NOON]))).toEqual([NOON, NOON - 5, NOON - 9, NOON - 15, NOON - 25, NOON - 35, NOON - 45, NOON - 100]);
  });

  it('are found among others as far as these go, also where many documents end at one of them', async () => {
    const moments = await momentsOf(ending);
    await moments.advance();
    expect(await moments.among([NOON])).toEqual([NOON]);
    expect(await moments.among([NOON - 1, NOON - 9, NOON - 35, NOON - 36])).toEqual([NOON - 9, NOON - 35]);
    expect(await moments.among([NOON - 45, NOON - 46])).toEqual([NOON - 45]);
    const short = await momentsOf(Array.from({ length: 50 }, (_, n) => endingWith(7, n, [n === 0 ? term : neighbour, [NOON]], ...(n === 1 ? [[neighbour, [NOON - 1]] as [number, number[]]] : []))));
    await short.advance();
    expect(await short.among([NOON, NOON - 1])).toEqual([NOON]);
  });

  it('are found where more documents end at one moment than are read at once, and only the last of them has the term', async () => {
    const many = Array.from({ length: 300 }, (_, n) => endingWith(7, n, [n === 0 ? term : neighbour, [NOON]])), moments = await momentsOf(many);
    await moments.advance();
    expect(moments.reached).toBe(NOON);
    expect(await moments.among([NOON])).toEqual([NOON]);
    expect(await all(await momentsOf(many))).toEqual([NOON]);
  });

  it('of terms in several drawers come in one order', async () => {
    const other = 0x09_000001, documents = Array.from({ length: 40 }, (_, n) => endingWith(n % 3 ? 7 : 9, n, [n % 3 ? term : other, [NOON - n]]));
    expect(await all(await momentsOf(documents, [term, other]))).toEqual(Array.from({ length: 40 }, (_, n) => NOON - n));
  });

  it('that nobody asks for are not read: a rare condition spares the others', async () => {
    class Counting extends InMemoryPostings {
      read_ = 0;
      override async read(...asked: Parameters<InMemoryPostings['read']>) { const found = await super.read(...asked); this.read_ += found.length; return found; }
    }
    const store = new Counting();
    await store.put(Array.from({ length: 2000 }, (_, n) => endingWith(7, n, [term, [NOON - n * 10, NOON - n * 10 - 1]])));
    const moments = new TermMoments(store, 't1', new Set([term]), ALWAYS, [], [], () => 1000);
    await moments.advance();
    expect(await moments.among([NOON - 19_000])).toEqual([NOON - 19_000]);
    expect(store.read_).toBeLessThan(150);
  });
});

describe('the moments of several conditions', () => {
  /** Terms in two drawers, of which about every event has one, every second another, and so on down to hardly any. */
  const shares = [1, 0.5, 0.5, 0.2, 0.05, 0.01, 0.002, 0], terms = shares.map((_, n) => (n % 2 ? 0x07_000000 : 0x09_000000) + n);
  const filing = fc.record({ place: fc.constantFrom('filed' as const, 'filed' as const, 'filed' as const, 'tray' as const), events: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 6 }) }, { weight: 1, arbitrary: fc.integer({ min: 40, max: 90 }) }), pause: fc.constantFrom(0, 1, 40, 5000, -2000), twice: fc.boolean() });

  it('are found exactly, newest first and each once, however frequent each is and however they were filed', async () => {
    let met = 0;
    await fc.assert(fc.asyncProperty(fc.array(filing, { minLength: 1, maxLength: 500, size: 'max' }), fc.integer({ min: 1, max: 2 ** 31 - 2 }), fc.array(fc.tuple(fc.uniqueArray(fc.array(fc.constantFrom(...terms), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 60 }), fc.boolean()), { minLength: 1, maxLength: 5 }), async (filings, seed, searches) => {
      const store = new InMemoryPostings(), history = new Map<number, Set<number>>();
      let at = NOON, state = seed;
      const random = (): number => (state = state * 48_271 % 2_147_483_647) / 2_147_483_647;
      for (const { place, events, pause, twice } of filings) {
        const postings = new Map<number, number[]>();
        for (let n = 0; n < events; n++) {
          at += Math.floor(random() * 3);
          const has = terms.filter((_, term) => random() < (shares[term] ?? 0));
          history.set(at, new Set([...history.get(at) ?? [], ...has]));
          for (const term of has) postings.set(term, [...postings.get(term) ?? [], at]);
        }
        if (postings.size > 0) await store.put(place === 'tray' ? [documentOf('t1', 'tray', postings, events)] : filed('t1', postings, events));
        if (twice && postings.size > 0) await store.put([documentOf('t1', 'tray', postings, events)]);
        at += pause;
      }
      const all = [...history.keys()].sort((a, b) => b - a), middle = all[Math.floor(all.length / 2)] ?? 0;
      for (const [conditions, enough, half] of searches) {
        const span = half ? { from: (all.at(-1) ?? 0) + 7, to: middle } : ALWAYS, found: number[] = [];
        for await (const { moments } of new AuditPostingsReader(store).moments('t1', conditions.map(condition => ({ condition: new Set(condition), also: Promise.resolve([]) })), span, enough, () => 1000)) found.push(...moments);
        const got = new Set(found), expected = all.filter(moment => moment >= span.from && moment <= span.to && conditions.every(condition => condition.some(term => history.get(moment)?.has(term))));
        // What is left to the filter may be too much, never too little.
        expect({ conditions, missing: expected.filter(moment => !got.has(moment)) }).toEqual({ conditions, missing: [] });
        expect(found.every((moment, n) => n === 0 || moment < (found[n - 1] ?? 0))).toBe(true);
        expect(found.filter(moment => moment < span.from || moment > span.to || !conditions.some(condition => condition.some(term => history.get(moment)?.has(term))))).toEqual([]);
        if (conditions.length === 1) expect(found.length).toBe(expected.length);
        met += expected.length;
      }
    }), { numRuns: 20 });
    expect(met).toBeGreaterThan(0);
  });

  it('that never meet are found by reading each once, in few reads, and nothing is handed over', async () => {
    class Counting extends InMemoryPostings {
      reads = 0;
      override read(...asked: Parameters<InMemoryPostings['read']>) { this.reads++; return super.read(...asked); }
    }
    const store = new Counting(), found: number[] = [], [rare = 0, often = 0] = [terms[5], terms[1]];
    for (let n = 0; n < 300; n++) await store.put(filed('t1', new Map([[rare, [NOON + n * 1000, NOON + n * 1000 + 500]], [often, Array.from({ length: 40 }, (_, m) => NOON + n * 1000 + 10 * m + 5)]]), 100));
    for await (const { moments } of new AuditPostingsReader(store).moments('t1', [rare, often].map(term => ({ condition: new Set([term]), also: Promise.resolve([]) })), ALWAYS, 51, () => 1000)) found.push(...moments);
    expect(found).toEqual([]);
    expect(store.reads).toBeLessThan(20);
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
    for await (const { moments } of new AuditPostingsReader(store).moments('t1', conditionsOf({ client_id: 'c7' }).map(condition => ({ condition, also: Promise.resolve([]) })), ALWAYS, 10, () => 1000)) found.push(...moments);
    expect(found).toEqual([NOON + 57, NOON + 7]);
  });
});
