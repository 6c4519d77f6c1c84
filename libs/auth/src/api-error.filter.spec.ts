import { ArgumentsHost, BadRequestException, ForbiddenException, HttpException, Logger, NotFoundException, PayloadTooLargeException, ServiceUnavailableException } from '@nestjs/common';
import { z } from 'zod';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { ApiError, notFound } from './api-error';
import { ApiErrorFilter } from './api-error.filter';

function answerTo(thrown: unknown, filter = new ApiErrorFilter()) {
  const answer = { status: 0, headers: {} as Record<string, string>, body: {} as Record<string, unknown> };
  const reply = {
    sent: false,
    status: (status: number) => { answer.status = status; return reply; },
    header: (name: string, value: string) => { answer.headers[name] = value; return reply; },
    send: (body: string) => { answer.body = JSON.parse(body) as Record<string, unknown>; return reply; },
  };
  const host = { getType: () => 'http', switchToHttp: () => ({ getRequest: () => ({ id: 'request-1' }), getResponse: () => reply }) };
  filter.catch(thrown, host as unknown as ArgumentsHost);
  return answer;
}
const driverError = (name: string, more: object = {}): Error => Object.defineProperty(Object.assign(new Error('canary at 10.0.0.1:27017'), more), 'name', { value: name });

describe('ApiErrorFilter', () => {
  const logged: unknown[] = [];
  beforeAll(() => {
    const keep = (...line: unknown[]): void => { logged.push(line[0]); };
    Logger.overrideLogger({ log: keep, warn: keep, error: keep });
  });
  beforeEach(() => { logged.length = 0; });
  afterAll(() => { Logger.overrideLogger(false); });

  it('answers an ApiError with its code, description, status and scope, never to be stored', () => {
    const { status, headers, body } = answerTo(new ApiError(403, 'insufficient_scope', 'the token lacks the scope a:b', { status: 'access_denied', scope: 'a:b' }));
    expect([status, body]).toEqual([403, { error: 'insufficient_scope', error_description: 'the token lacks the scope a:b', status: 'access_denied', scope: 'a:b' }]);
    expect(headers).toEqual({
      'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8',
      'www-authenticate': 'Bearer realm="strowger", error="insufficient_scope", error_description="the token lacks the scope a:b", scope="a:b"',
    });
    expect(logged).toEqual([]);
  });
  it('S71: names no error in WWW-Authenticate to who sent no token', () => {
    expect(answerTo(new ApiError(401, 'invalid_request', 'an access token is needed')).headers['www-authenticate']).toBe('Bearer realm="strowger"');
    expect(answerTo(new OAuthError('token_missing', 'x')).headers['www-authenticate']).toBe('Bearer realm="strowger"');
    expect(answerTo(new OAuthError('invalid_token', 'expired')).headers['www-authenticate']).toBe('Bearer realm="strowger", error="invalid_token", error_description="expired"');
  });
  it('keeps what it says within printable ASCII without quotes, so that no header can be split', () => {
    const { headers, body } = answerTo(new ApiError(403, 'access_denied', 'bad "name\\"\r\nSet-Cookie: a=b é'));
    expect(body['error_description']).toBe('bad ?name????Set-Cookie: a=b ?');
    expect(headers['www-authenticate']).toContain('error_description="bad ?name????Set-Cookie: a=b ?"');
  });
  it.each([
    [new OAuthError('invalid_scope', 'unknown scope x'), 400, { error: 'invalid_scope', error_description: 'unknown scope x' }],
    [new OAuthError('rate_limit_exceeded', 'later', { retryAfterSeconds: 7 }), 429, { error: 'rate_limit_exceeded', error_description: 'later', status: 'rate_limit_exceeded' }],
    [new NotFoundException('Cannot GET /api/secret?token=canary'), 404, { error: 'not_found', error_description: 'there is nothing at this path' }],
    [notFound('application'), 404, { error: 'not_found', error_description: 'there is no such application' }],
    [new BadRequestException('the body is not valid JSON'), 400, { error: 'invalid_request', error_description: 'the body is not valid JSON' }],
    [new HttpException('a part of the path is too long', 414), 400, { error: 'invalid_request', error_description: 'a part of the path is too long' }],
    [new HttpException('only POST', 405), 405, { error: 'method_not_allowed', error_description: 'only POST' }],
    [new PayloadTooLargeException('the body is larger than 64 KiB'), 413, { error: 'request_too_large', error_description: 'the body is larger than 64 KiB' }],
    [new ForbiddenException('no'), 403, { error: 'access_denied', error_description: 'no', status: 'access_denied' }],
  ])('maps %p', (thrown, status, body) => {
    const answer = answerTo(thrown);
    expect([answer.status, answer.body]).toEqual([status, body]);
  });
  it('names the fields of what does not parse, and not what was in them', () => {
    const Body = z.strictObject({ name: z.string().max(3), type: z.enum(['web', 'native']), list: z.array(z.object({ uri: z.url() })) });
    const { status, body } = answerTo(Body.safeParse({ name: 'canary', type: 'canary', list: [{ uri: 'canary' }], trusted: true }).error);
    expect([status, body['error']]).toEqual([400, 'invalid_request']);
    expect(body['error_description']).toMatch(/^name: .*; type: .*'web'\|'native'.*; list\.0\.uri: .*; .*'trusted'/);
    expect(body['error_description']).not.toContain('canary');
  });
  it.each([
    'MongoServerSelectionError', 'MongooseServerSelectionError', 'MongoNetworkError', 'MongoNetworkTimeoutError', 'MongoPoolClearedError', 'MongoPoolClosedError', 'PoolClearedOnNetworkError',
    'MongoWaitQueueTimeoutError', 'MongoNotConnectedError', 'MongoTopologyClosedError', 'MongoOperationTimeoutError', 'NotDurable', 'TooMuchWaiting', 'BusUnavailable', 'QueueFull',
  ])('answers 503 with Retry-After for %s, without its text', name => {
    const { status, headers, body } = answerTo(driverError(name));
    expect([status, body['error'], headers['retry-after']]).toEqual([503, 'temporarily_unavailable', '1']);
    expect(JSON.stringify(body)).not.toContain('canary');
    expect(logged).toHaveLength(1);
  });
  it('knows a database that steps down by its code or label, and no other error of it', () => {
    const ofServer = (more: object): Error => driverError('MongoServerError', more);
    for (const error of [ofServer({ code: 10107 }), ofServer({ code: 50 }), ofServer({ code: 1, errorLabels: ['RetryableWriteError'] }), ofServer({ errorLabels: ['TransientTransactionError'] }), driverError('MongoBulkWriteError', { writeErrors: [] }), driverError('MongoBulkWriteError', { errorLabels: ['TransientTransactionError'] })]) expect(answerTo(error).status).toBe(503);
    for (const error of [ofServer({ code: 11000 }), ofServer({ errorLabels: [] }), driverError('MongoBulkWriteError', { writeErrors: [{ code: 121 }] }), driverError('MongoInvalidArgumentError')]) expect(answerTo(error).status).toBe(500);
    expect(answerTo(new ServiceUnavailableException('later')).headers['retry-after']).toBe('1');
  });
  it('answers anything else with a bare 500 and logs the cause with the request id', () => {
    for (const thrown of [new Error('canary'), 'canary', undefined, new HttpException('canary', 502), driverError('MongoServerError', { code: 2 })]) {
      logged.length = 0;
      const { status, body } = answerTo(thrown);
      expect([status, body]).toEqual([500, { error: 'server_error', error_description: 'the server met an unexpected condition' }]);
      expect(logged).toEqual([{ err: thrown, request_id: 'request-1' }]);
    }
  });
  it('asks the service first about errors of its own', () => {
    class Taken extends Error {}
    const filter = new ApiErrorFilter(error => error instanceof Taken ? new ApiError(409, 'conflict', 'taken') : undefined);
    expect(answerTo(new Taken(), filter).status).toBe(409);
    expect(answerTo(new Error(), filter).status).toBe(500);
  });
});
