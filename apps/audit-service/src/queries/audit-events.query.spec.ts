import { auditCursor } from '@strowger/models/audit-events/audit-cursor';
import { parseAuditQuery } from './audit-events.query';

const refusal = (parameters: unknown): string => {
  try { parseAuditQuery(parameters); } catch (error) { return error instanceof Error ? error.message : ''; }
  return '';
};

describe('the parameters of an audit query', () => {
  it('asks for 50 events without a condition where nothing is said', () => {
    expect(parseAuditQuery({})).toEqual({ limit: 50, filter: {} });
  });

  it('takes every documented filter', () => {
    expect(parseAuditQuery({
      type: 'token.issued,grant.reuse_detected', client_id: 'a1', subject: 'jörg@example.com', scope: 'rest:calllog:read',
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', ip: '10.0.0.1', from: '2026-11-21T01:00:00+01:00', to: '2026-11-22', limit: '200',
    })).toEqual({
      limit: 200,
      filter: {
        types: ['token.issued', 'grant.reuse_detected'], client_id: 'a1', subject: 'jörg@example.com', scope: 'rest:calllog:read',
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', ip: ['10.0.0.1', '::ffff:10.0.0.1'], from: new Date('2026-11-21T00:00:00Z'), to: new Date('2026-11-22T00:00:00Z'),
      },
    });
    expect(parseAuditQuery({ ip: '2001:DB8:0::1' }).filter.ip).toEqual(['2001:DB8:0::1', '2001:db8::1']);
  });

  it('goes on after the event that a cursor names', () => {
    const position = { time: new Date('2026-11-21T12:00:00.123Z'), id: 'Zm9v-_' };
    expect(parseAuditQuery({ cursor: auditCursor(position) }).after).toEqual(position);
  });

  it.each<[string, string]>([
    ['type', ''], ['type', 'token'], ['type', 'token.issued,'], ['type', '$where'], ['type', Array(21).fill('token.issued').join(',')], ['client_id', ''], ['client_id', '$ne'], ['client_id', 'a b'],
    ['client_id', 'x'.repeat(65)], ['client_id', '*'], ['client_id', '>'], ['client_id', 'a.b'], ['client_id', 'a\r\nb'], ['subject', ''], ['subject', '$where'], ['subject', 'a\0b'], ['subject', 'x'.repeat(257)],
    ['scope', ''], ['scope', 'rest gql'], ['scope', '$regex'], ['scope', 'a"b'], ['grant_type', 'password;'], ['grant_type', '$in'], ['ip', '10.0.0'], ['ip', '10.0.0.0/8'], ['ip', '$ne'],
    ['from', 'yesterday'], ['from', '2026-02-30'], ['from', '1700000000000'], ['to', '2026-11-21 12:00'], ['limit', '0'], ['limit', '201'], ['limit', '-1'], ['limit', '5e1'], ['limit', ''], ['limit', 'NaN'],
    ['cursor', ''], ['cursor', 'null'], ['cursor', Buffer.from('{"$gt":""}').toString('base64url')], ['cursor', `${auditCursor({ time: new Date(1), id: 'a' })}=`],
    ['cursor', Buffer.from('99999999999999999 a').toString('base64url')], ['cursor', Buffer.from('1 a\nb').toString('base64url')],
  ])('S67, S82: refuses %s=%s, naming the parameter', (name, value) => {
    expect(refusal({ [name]: value })).toMatch(new RegExp(`^${name} (must|is)`));
  });

  it.each(['type', 'client_id', 'subject', 'scope', 'grant_type', 'ip', 'from', 'to', 'cursor', 'limit'])('S67: refuses %s twice, and as an object', name => {
    expect(refusal({ [name]: ['a', 'b'] })).toBe(`${name} must be given once`);
    expect(refusal({ [name]: { $ne: 'a' } })).toBe(`${name} must be given once`);
  });

  it.each(['$where', 'client_id[$ne]', 'sort', 'tenant_id', 'filter', 'data.client_id', 'constructor', 'prototype'])('S66, S67: refuses the unknown parameter %s', name => {
    expect(refusal({ [name]: '1' })).toBe(`there is no parameter ${name}`);
  });

  it.each(['client_id', 'subject', 'scope', 'grant_type', 'type'])('S66: refuses names of prototypes as %s', name => {
    for (const value of ['__proto__', 'constructor', 'prototype']) expect(refusal({ [name]: value })).toMatch(new RegExp(`^${name} must`));
  });

  it('refuses a range that ends before it begins', () => {
    expect(refusal({ from: '2026-11-21', to: '2026-11-21' })).toBe('to must be later than from');
  });
});
