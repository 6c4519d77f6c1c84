import { encodeBatch } from '@strowger/contracts/cloud-event';
import { EventType, subjectOf } from '@strowger/contracts/event-catalogue';
import { answerOf } from '../queries/event-answer';
import { judgeMessage } from './judge-message';

const now = new Date('2026-11-21T12:00:00.500Z');
const scopeAnnounced = { tenant_id: 't1', version: 1, scope: 'rest:faxes:read', description: 'See faxes', access_level: 'call_api', announced_by: 'pbx-api-service' };
const issued = {
  tenant_id: 't1', version: 1, token_id: 'AAAA', application_id: 'a', client_id: 'c', client_name: 'App', account_id: 'p', username: 'alice',
  grant_type: 'password', scope: 'rest', token_format: 'jwt', expires_at: '2026-11-21T13:00:00.000Z',
};
const event = (changes: Record<string, unknown> = {}) => ({
  specversion: '1.0', id: 'AAAA', source: '/token-service/i1', type: 'token.issued', subject: 'AAAA', time: '2026-11-21T12:00:00.000Z',
  datacontenttype: 'application/json', data: issued, ...changes,
});
const judge = (body: Uint8Array, subject = 'strowger.events.token.issued', sequence = 7) => judgeMessage({ subject, body, sequence }, now);
const judgeAll = (elements: unknown[], subject?: string) => {
  const { events, letters } = judge(Buffer.from(JSON.stringify(elements)), subject);
  return { documents: events.map(one => one.document), reasons: letters.map(one => one.reason), letters };
};

describe('judging a message of the stream', () => {
  it('records an event of the catalogue with its attributes, its data, its tenant and the time it came', () => {
    expect(judgeAll([event()])).toMatchObject({
      reasons: [],
      documents: [{ _id: 'AAAA', tenant_id: 't1', version: 1, source: '/token-service/i1', type: 'token.issued', subject: 'AAAA', time: new Date('2026-11-21T12:00:00Z'), data: issued, recorded_at: now }],
    });
    expect(Object.keys(judgeAll([event()]).documents[0] ?? {})).not.toEqual(expect.arrayContaining(['json']));
    expect(Object.keys(judgeAll([event()]).documents[0] ?? {})).not.toEqual(expect.arrayContaining(['unparsed']));
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['data that its catalogue schema refuses', { data: { tenant_id: 't1', version: 'one' } }, subjectOf('token.issued')],
    ['no data at all', { data: undefined }, subjectOf('token.issued')],
    ['data that is no object', { data: ['a'] }, subjectOf('token.issued')],
    ['a type that this catalogue does not know', { type: 'token.dreamt', source: '/token-service/i1' }, 'strowger.events.token.dreamt'],
    ['an unknown type that lowers a right', { type: 'line.cut', source: '/pbx-api-service/i1' }, 'strowger.feed.lowering.line.cut'],
  ])('records %s as unparsed', (_, changes, subject) => {
    const { documents, reasons } = judgeAll([event(changes)], subject);
    expect(reasons).toEqual([]);
    expect(documents).toMatchObject([{ _id: 'AAAA', unparsed: true }]);
  });

  it.each<[unknown]>([[undefined], [7], [''], ['*'], ['a.b'], ['x'.repeat(65)], [{ $ne: 1 }], ['a\r\nb']])('files an event whose tenant is %j under the deployment', tenant_id => {
    expect(judgeAll([event({ data: { ...issued, tenant_id } })]).documents).toMatchObject([{ tenant_id: '_' }]);
  });

  it.each<[string, unknown]>([
    ['a number', 7], ['null', null], ['a list', []], ['an empty object', {}], ['a text', 'token.issued'], ['another specversion', event({ specversion: '0.3' })],
    ['no id', event({ id: undefined })], ['an empty id', event({ id: '' })], ['an id that is an object', event({ id: { $gt: '' } })], ['an id with a line break', event({ id: 'a\nb' })],
    ['an id of 129 characters', event({ id: 'x'.repeat(129) })], ['no time', event({ time: undefined })], ['a time that is none', event({ time: '2026-02-30T00:00:00Z' })],
    ['a local time', event({ time: '2026-11-21T12:00:00+01:00' })], ['no source', event({ source: undefined })], ['no type', event({ type: undefined })],
  ])('S84: puts away %s alone, and records its neighbours', (_, poison) => {
    const { documents, reasons } = judgeAll([event({ id: 'before' }), poison, event({ id: 'after' })]);
    expect(documents.map(one => one._id)).toEqual(['before', 'after']);
    expect(reasons).toEqual(['no_envelope']);
  });

  it.each<[string, Buffer, string]>([
    ['no JSON', Buffer.from('{"specversion":'), 'not_a_batch'], ['nothing', Buffer.alloc(0), 'not_a_batch'], ['bytes', Buffer.from([0xff, 0, 0x80, 1]), 'not_a_batch'],
    ['a single event instead of a batch', Buffer.from(JSON.stringify(event())), 'not_a_batch'],
    ['8 MB', Buffer.from(JSON.stringify([event({ data: { fill: 'x'.repeat(8e6) } })])), 'too_large'],
    ['a million brackets', Buffer.from('['.repeat(1e6)), 'not_a_batch'],
  ])('S84: puts away a body of %s whole, as one dead letter', (_, body, reason) => {
    const { events, letters } = judge(body);
    expect(events).toEqual([]);
    expect(letters).toMatchObject([{ reason, subject: 'strowger.events.token.issued', tenant_id: '_' }]);
    expect(letters[0]?.raw.length).toBe(Math.min(body.length, 65536));
  });

  it.each([40, 5000, 400_000])('S84: puts away an element nested %i levels deep and records its neighbours', depth => {
    const deep = `${'{"act":'.repeat(depth)}1${'}'.repeat(depth)}`.slice(0, 900_000);
    const closed = depth < 400_000 ? deep : `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const body = Buffer.from(`[${JSON.stringify(event({ id: 'before' }))},${JSON.stringify(event({ data: 0 })).replace('"data":0', `"data":${closed}`)},${JSON.stringify(event({ id: 'after' }))}]`);
    const { events, letters } = judge(body);
    expect(events.map(one => one.document._id)).toEqual(['before', 'after']);
    expect(letters).toMatchObject([{ reason: 'too_deep' }]);
    expect(letters[0]?.raw.length).toBeLessThanOrEqual(65536);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a token event on the subject of scopes', { }, subjectOf('scope.announced')],
    ['a scope event on the subject of tokens', { type: 'scope.announced', source: '/scope-service/i1', data: scopeAnnounced }, subjectOf('token.issued')],
    ['an event in the name of another service', { source: '/app-registry-service/i1' }, subjectOf('token.issued')],
    ['a source that only begins like the service', { source: '/token-service-2/i1' }, subjectOf('token.issued')],
    ['an unknown type on the subject of a known one', { type: 'token.dreamt' }, subjectOf('token.issued')],
    ['an unknown type on another root', { type: 'token.dreamt' }, 'strowger.rpc.token.dreamt'],
    ['an unknown type without a service as source', { type: 'token.dreamt', source: 'me' }, 'strowger.events.token.dreamt'],
    ['a type with a name of Object.prototype', { type: 'constructor' }, subjectOf('token.issued')],
  ])('S83: refuses %s as forged', (_, changes, subject) => {
    expect(judgeAll([event(changes)], subject)).toMatchObject({ documents: [], reasons: ['forged'] });
  });

  it.each<EventType>(['token.revoked', 'key.rotated', 'token.rejected'])('accepts %s on the subject that its flags give', type => {
    expect(judgeAll([event({ type })], subjectOf(type)).reasons).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['names that no document can have', { data: { ...issued, $set: 1, 'a.b': { '': 2 } } }],
    ['an object that a driver would take for one of its types', { data: { ...issued, _bsontype: 'ObjectId' } }],
    ['a NUL in a name', { data: { ...issued, 'a\0b': 1 } }],
    ['an attribute beyond the known ones', { traceparent: '00-ab-cd-01' }],
    ['a time with microseconds', { time: '2026-11-21T12:00:00.123456Z' }],
    ['another content type', { datacontenttype: 'text/plain' }],
  ])('keeps an event with %s as it was told', (_, changes) => {
    const [document] = judgeAll([event(changes)]).documents;
    expect(document?.json).toBe(JSON.stringify(event(changes)));
    expect(document && answerOf(document)).toMatchObject({ ...event(changes), recorded_at: now, seq: null });
  });

  it('answers an event with its attributes as they were told', () => {
    const [document] = judgeAll([event()]).documents;
    expect(JSON.parse(JSON.stringify(document && answerOf(document)))).toEqual({ ...event(), recorded_at: now.toISOString(), seq: null });
  });

  it('keeps __proto__ as a name, and pollutes nothing (S66)', () => {
    const body = Buffer.from(`[${JSON.stringify(event()).replace('"tenant_id"', '"__proto__":{"polluted":1},"tenant_id"')}]`);
    const [judged] = judge(body).events;
    expect(judged?.document).toMatchObject({ tenant_id: 't1' });
    expect(judged?.document.json).toContain('"__proto__":{"polluted":1}');
    expect(judged?.document).not.toHaveProperty('data');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('gives a dead letter the same id at every delivery, another to another place or other bytes', () => {
    const idOf = (elements: unknown[], sequence: number) => judge(encodeBatch(elements as object[]), undefined, sequence).letters.map(one => one._id);
    expect(idOf([1, 1], 7)).toEqual(idOf([1, 1], 7));
    expect(new Set([...idOf([1, 1], 7), ...idOf([1], 8), ...idOf([2], 7)]).size).toBe(4);
  });

  it('refuses nothing because of its size alone within what a publisher may send', () => {
    expect(judgeAll(Array.from({ length: 256 }, (_, i) => event({ id: `e${String(i)}` }))).documents).toHaveLength(256);
  });
});
