import { withRequestId } from './request-context';
import { makeLog } from './service-log';
import { serviceConfig } from './service.config';

const lines: string[] = [];
const log = makeLog('a-service', serviceConfig({ PORT: '1', STROWGER_INSTANCE: 'one' }), { write: line => { lines.push(line); } });
const last = (): unknown => JSON.parse(lines.at(-1) ?? 'null');

describe('the log', () => {
  it('writes one JSON object a line: level, time, service, instance, message', () => {
    log.info({ count: 2 }, 'hello\nworld');
    expect(last()).toEqual({ level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/) as string, service: 'a-service', instance: 'one', count: 2, msg: 'hello\nworld' });
    expect(lines.at(-1)?.split('\n')).toHaveLength(2);
  });
  it('carries the id of the request being answered', () => {
    withRequestId('abc', () => { log.info('inside'); });
    expect(last()).toMatchObject({ request_id: 'abc' });
    log.info('outside');
    expect(last()).not.toHaveProperty('request_id');
  });
  it('removes credentials wherever they are named', () => {
    log.info({ password: 'canary', headers: { authorization: 'canary', cookie: 'canary' }, body: { client_secret: 'canary', form: { refresh_token: 'canary' } } }, 'x');
    expect(lines.at(-1)).not.toContain('canary');
  });
  it('keeps of an error its name, code, message, stack and causes, and nothing that a driver hung on it', () => {
    const driver = Object.assign(new Error('E11000'), { code: 11000, op: { password_hash: 'canary' } });
    log.error({ err: Object.assign(new TypeError('no', { cause: driver }), { code: 'ENO' }) }, 'failed');
    expect(last()).toMatchObject({ err: { type: 'TypeError', code: 'ENO', message: 'no', cause: { code: 11000, message: 'E11000' } } });
    expect(lines.at(-1)).not.toContain('canary');
  });
});
