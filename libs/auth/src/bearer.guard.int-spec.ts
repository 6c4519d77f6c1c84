import 'reflect-metadata';
import type { ServerResponse } from 'node:http';
import { Controller, Get, Logger, Module, Post } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { ApiErrorFilter } from './api-error.filter';
import { authConfig, guardConfig } from './auth.config';
import { BearerGuard } from './bearer.guard';
import { BearerStrategy } from './bearer.strategy';
import { Caller } from './caller.decorator';
import { Guard } from './guard';
import { callerOf } from './guarded-request';
import { HttpTokenIntrospector } from './http-token-introspector';
import { RequestLimit, tellAllowance } from './request-limit';
import { RequireScope } from './require-scope.decorator';
import { active, claims, SECRET, StandIn } from './stand-in.fixture';
import { TokenIntrospector, type AuthenticatedCaller } from './token-introspector';

@Controller('api/applications')
@RequireScope('strowger:applications:read')
class ExampleController {
  @Get() list(@Caller() caller: AuthenticatedCaller): AuthenticatedCaller { return caller; }
  @Post() @RequireScope('strowger:applications:write') make(): object { return {}; }
  @Post('search') search(): object { return {}; }
  @Post('query') @RequireScope('strowger:applications:read', { write: false }) query(): object { return {}; }
}
@Controller('api/forgotten')
class ForgottenController { @Get() list(): object { return {}; } }

const PER_MINUTE = 1000;
const nobodyElse = { hit: (_counter: unknown, now: Date, times: number) => Promise.resolve({ count: times, endsAt: new Date(now.getTime() + 60_000) }) };
let limit: RequestLimit, standIn: StandIn, introspectorUrl: string, introspector: HttpTokenIntrospector, app: NestFastifyApplication, url: string;
beforeAll(async () => {
  Logger.overrideLogger(false);
  standIn = new StandIn();
  introspectorUrl = await standIn.start();
  introspector = new HttpTokenIntrospector(authConfig({ TOKEN_SERVICE_URL: introspectorUrl, STROWGER_SERVICE_ID: 'scope-service', STROWGER_SERVICE_SECRET: SECRET }), 300);
  limit = new RequestLimit(nobodyElse, { service: 'scope-service', perMinute: PER_MINUTE, now: () => new Date(), log: { warn: () => undefined } });
  @Module({
    controllers: [ExampleController, ForgottenController],
    providers: [{ provide: TokenIntrospector, useValue: introspector }, { provide: RequestLimit, useValue: limit }, { provide: APP_GUARD, useClass: BearerGuard }, { provide: APP_FILTER, useClass: ApiErrorFilter }],
  })
  class ExampleModule {}
  app = await NestFactory.create<NestFastifyApplication>(ExampleModule, new FastifyAdapter(), { logger: false });
  tellAllowance(app.getHttpAdapter().getInstance(), PER_MINUTE);
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(async () => { await app.close(); standIn.stop(); });
beforeEach(() => { standIn.asked.length = 0; });

describe('HttpTokenIntrospector', () => {
  it('asks as this service, with form-encoded credentials and the request\'s id, and never in the URL', async () => {
    standIn.says(active());
    expect(await introspector.introspect('a+b/c=', 'request-1')).toEqual({ username: 'alice', claims });
    const [question] = standIn.asked;
    expect(question).toMatchObject({ url: 'POST /oauth/introspect', body: 'token=a%2Bb%2Fc%3D', headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-request-id': 'request-1' } });
    const [id, secret] = Buffer.from(question?.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString().split(':');
    expect([id, new URLSearchParams(`s=${String(secret)}`).get('s')]).toEqual(['scope-service', SECRET]);
  });
  it('gives every claim, the optional ones too, and nothing that is no claim', async () => {
    const full = { ...claims, grant_id: 'g', switchboards: ['s1'], act: { sub: 'x', act: { sub: 'y' } }, rights: { tenant: 1, application: 2, account: 3, owner: 4, actors: [5, 6] } };
    standIn.says({ ...active(full), surprise: true });
    expect((await introspector.introspect('t', 'r'))?.claims).toEqual(full);
  });
  it('S75: an inactive token is nobody\'s', async () => {
    standIn.says({ active: false });
    expect(await introspector.introspect('t', 'r')).toBeUndefined();
  });
  it('asks anew each time, over kept connections', async () => {
    standIn.says(active());
    await introspector.introspect('t', 'r');
    const before = standIn.sockets.size;
    for (let n = 0; n < 5; n++) await introspector.introspect('t', 'r');
    expect(standIn.asked).toHaveLength(6);
    expect(standIn.sockets.size).toBe(before);
  });
  const unusable: [string, unknown, number][] = [
    ['a 401 for this service itself', { error: 'invalid_client' }, 401], ['a 503', { error: 'temporarily_unavailable' }, 503], ['a 500 that says active', active(), 500], ['a redirect', active(), 302],
    ['no JSON', '<html>', 200], ['an array', [], 200], ['active without claims', { active: true }, 200], ['a word for active', { ...active(), active: 'true' }, 200],
    ['an unknown role', active({ role: 'god' as 'user' }), 200], ['a missing ceiling', { ...active(), read_only: undefined }, 200], ['versions as text', { ...active(), rights: { tenant: '1', application: 1, account: 1 } }, 200],
  ];
  it.each(unusable)('says that nobody could judge the token when the answer is %s', async (_name, body, status) => {
    standIn.says(body, status);
    await expect(introspector.introspect('canary', 'r')).rejects.toMatchObject({ httpStatus: 503, error: 'temporarily_unavailable', details: { retryAfterSeconds: 1 } });
    const error: unknown = await introspector.introspect('canary', 'r').catch((thrown: unknown) => thrown);
    expect(JSON.stringify([error, String(error), error instanceof Error ? String(error.cause) : ''])).not.toContain('canary');
  });
  it('waits no longer than its bound, for the answer or for its end', async () => {
    for (const answer of [() => undefined, (_token: string | null, response: ServerResponse) => { response.writeHead(200).write('{"active":'); }]) {
      standIn.answer = answer;
      const began = performance.now();
      await expect(introspector.introspect('t', 'r')).rejects.toMatchObject({ httpStatus: 503 });
      expect(performance.now() - began).toBeLessThan(15_000);
    }
  });
  it('says so where nobody listens', async () => {
    const nobody = new HttpTokenIntrospector(authConfig({ TOKEN_SERVICE_URL: 'http://127.0.0.1:1', STROWGER_SERVICE_ID: 'x', STROWGER_SERVICE_SECRET: SECRET }));
    await expect(nobody.introspect('t', 'r')).rejects.toMatchObject({ httpStatus: 503 });
  });
});

describe('BearerGuard', () => {
  const call = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${url}${path}`, init);
    return { status: response.status, body: await response.json() as Record<string, unknown>, challenge: response.headers.get('www-authenticate'), cache: response.headers.get('cache-control'), retry: response.headers.get('retry-after'),
      allowance: ['limit', 'remaining', 'reset'].map(name => Number(response.headers.get(`x-ratelimit-${name}`) ?? NaN)) };
  };
  const bearer = { headers: { authorization: 'Bearer token-1' } };

  it('puts the caller on the request, and forbids storing the answer', async () => {
    standIn.says(active());
    expect(await call('/api/applications', bearer)).toMatchObject({ status: 200, body: { username: 'alice', claims }, cache: 'no-store' });
    expect(standIn.asked.map(question => question.body)).toEqual(['token=token-1']);
  });
  it('S71: no token is 401 without an error in the challenge, and nobody is asked', async () => {
    expect(await call('/api/applications')).toMatchObject({ status: 401, challenge: 'Bearer realm="strowger"', cache: 'no-store' });
    expect(standIn.asked).toEqual([]);
  });
  it('S71: an inactive token is 401 invalid_token', async () => {
    standIn.says({ active: false });
    const answer = await call('/api/applications', bearer);
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_token' }, cache: 'no-store' });
    expect(answer.challenge).toMatch(/^Bearer realm="strowger", error="invalid_token"/);
  });
  it('S71: a scope too short is 403 insufficient_scope and names the scope', async () => {
    standIn.says(active({ scope: 'strowger:applications:read' }));
    const answer = await call('/api/applications', { ...bearer, method: 'POST' });
    expect(answer).toMatchObject({ status: 403, body: { error: 'insufficient_scope', scope: 'strowger:applications:write', status: 'access_denied' } });
    expect(answer.challenge).toMatch(/error="insufficient_scope".*scope="strowger:applications:write"/);
    expect((await call('/api/applications', bearer)).status).toBe(200);
  });
  it('S71: a token in the query is refused, with and without the header', async () => {
    for (const init of [{}, bearer]) expect(await call('/api/applications?access_token=token-1', init)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(standIn.asked).toEqual([]);
  });
  it.each([
    [{ access_level: 'call_api' }, 'app_access_type_deny'], [{ read_only: true }, 'user_access_type_deny'], [{ account_kind: 'api_access' }, 'access_denied'],
  ] as [Partial<AccessTokenClaims>, string][])('refuses a write for %p with the PBX\'s word %s', async (change, status) => {
    standIn.says(active(change));
    expect(await call('/api/applications', { ...bearer, method: 'POST' })).toMatchObject({ status: 403, body: { error: 'access_denied', status } });
  });
  it('S77: a read_only account\'s request is GET or HEAD, also where the route only needs to read, unless the route says that it reads', async () => {
    standIn.says(active({ read_only: true }));
    expect(await call('/api/applications/search', { ...bearer, method: 'POST' })).toMatchObject({ status: 403, body: { status: 'user_access_type_deny' } });
    expect(await call('/api/applications/query', { ...bearer, method: 'POST' })).toMatchObject({ status: 201 });
    standIn.says(active());
    expect(await call('/api/applications/search', { ...bearer, method: 'POST' })).toMatchObject({ status: 201 });
  });
  it('answers 503 with Retry-After while nobody can judge tokens', async () => {
    standIn.says('gone', 502);
    expect(await call('/api/applications', bearer)).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' }, retry: '1' });
  });
  it('keeps a handler closed that names no scope, whoever comes', async () => {
    standIn.says(active({ scope: 'strowger rest gql' }));
    expect(await call('/api/forgotten', bearer)).toMatchObject({ status: 500, body: { error: 'server_error' } });
    expect(standIn.asked).toEqual([]);
  });
  it('tells on every answer what is left of the minute: all of it to nobody, and to a caller one less each time, whatever the answer', async () => {
    standIn.says(active({ sub: 'bob-id', scope: 'strowger:applications:read' }));
    for (const [init, remaining, status] of [[{}, PER_MINUTE, 401], [bearer, PER_MINUTE - 1, 200], [{ ...bearer, method: 'POST' }, PER_MINUTE - 2, 403]] as const) {
      const answer = await call('/api/applications', init);
      expect([answer.status, ...answer.allowance]).toEqual([status, PER_MINUTE, remaining, expect.any(Number)]);
      expect(answer.allowance[2]).toBeGreaterThan(0);
      expect(answer.allowance[2]).toBeLessThanOrEqual(60);
    }
    standIn.says('gone', 502);
    expect(await call('/api/applications', bearer)).toMatchObject({ status: 503, allowance: [PER_MINUTE, PER_MINUTE, 60] });
    const unreadable = { ...bearer, method: 'POST', headers: { ...bearer.headers, 'content-type': 'application/json' }, body: '{' };
    expect(await call('/api/applications', unreadable)).toMatchObject({ status: 400, allowance: [PER_MINUTE, PER_MINUTE, 60] });
  });
  it('refuses with 429, Retry-After and the PBX\'s word who has used up the minute, and nobody else', async () => {
    standIn.says(active({ sub: 'carol-id' }));
    for (let i = 0; i < PER_MINUTE; i++) limit.count({ application_id: claims.application_id, sub: 'carol-id' });
    const answer = await call('/api/applications', bearer);
    expect(answer).toMatchObject({ status: 429, body: { error: 'rate_limit_exceeded', status: 'rate_limit_exceeded' }, allowance: [PER_MINUTE, 0, Number(answer.retry)], cache: 'no-store' });
    expect(Number(answer.retry)).toBeGreaterThan(0);
    standIn.says(active({ sub: 'carol-id', application_id: 'another' }));
    expect((await call('/api/applications', bearer)).status).toBe(200);
  });
  it('answers an unknown path with 404 without asking anybody', async () => {
    expect(await call('/api/nothing', bearer)).toMatchObject({ status: 404, body: { error: 'not_found' } });
    expect(standIn.asked).toEqual([]);
  });
});

describe('the strategy for passport', () => {
  const outcome = async (options: object, headers: Record<string, string> = {}, method = 'GET'): Promise<unknown> => {
    const strategy = new BearerStrategy(Guard.start(guardConfig({ TOKEN_SERVICE_URL: introspectorUrl, STROWGER_SERVICE_ID: 'shop', STROWGER_SERVICE_SECRET: SECRET })));
    const request = { headers, rawHeaders: Object.entries(headers).flat(), query: {}, body: undefined, method } as unknown as Parameters<BearerStrategy['authenticate']>[0];
    return new Promise(resolve => {
      Object.assign(strategy, { success: (user: unknown) => { resolve({ user, same: callerOf(request) === user }); }, fail: (challenge: unknown, status: unknown) => { resolve([status, challenge]); }, error: (error: unknown) => { resolve(error); } });
      strategy.authenticate(request, options);
    });
  };
  const bearer = { authorization: 'Bearer token-1' }, applications = { scope: 'strowger:applications:read' };
  it('gives the caller as the user', async () => {
    standIn.says(active());
    expect(await outcome(applications, bearer)).toEqual({ user: { username: 'alice', claims }, same: true });
  });
  it('S71: fails with status and challenge, and says what nobody could judge as an error', async () => {
    standIn.says(active({ scope: 'rest' }));
    expect(await outcome(applications)).toEqual([401, 'Bearer realm="strowger"']);
    expect(await outcome(applications, bearer)).toEqual([403, expect.stringContaining('error="insufficient_scope"')]);
    standIn.says({ active: false });
    expect(await outcome(applications, bearer)).toEqual([401, expect.stringContaining('error="invalid_token"')]);
    standIn.says('gone', 502);
    expect(await outcome(applications, bearer)).toMatchObject({ httpStatus: 503 });
    expect(await outcome({}, bearer)).toMatchObject({ message: expect.stringContaining('must say which scope') as string });
  });
});
