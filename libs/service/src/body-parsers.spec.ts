import { HttpException } from '@nestjs/common';
import { FastifyInstance, fastify as makeFastify } from 'fastify';
import { acceptForms, acceptJsonAlone, acceptJsonAndForms, parseJson, refuseBodies } from './body-parsers';

type Prepare = (fastify: FastifyInstance) => void;
async function posting(prepare: Prepare, headers: Record<string, string>, payload?: string | Buffer) {
  const fastify = makeFastify({ bodyLimit: 65536 });
  prepare(fastify);
  fastify.setErrorHandler((error, _request, reply) => { void reply.code(error instanceof HttpException ? error.getStatus() : 599).send(String(error)); });
  let seen: unknown = 'not reached';
  fastify.post('/', async (request, reply) => { seen = request.body; await reply.send('ok'); });
  const answer = await fastify.inject({ method: 'POST', url: '/', headers, ...(payload === undefined ? {} : { payload }) });
  await fastify.close();
  return { status: answer.statusCode, seen, text: answer.payload };
}
const FORM = 'application/x-www-form-urlencoded';
const forms: Prepare = fastify => { acceptForms(fastify, text => `form:${text}`); };
const both: Prepare = fastify => { acceptJsonAndForms(fastify, text => new URLSearchParams(text)); };
const refused = { status: 400, seen: 'not reached' };

describe('a path that takes forms only', () => {
  it('hands the text to the strict parser, whatever case or parameters the content type has', async () => {
    for (const type of [FORM, 'Application/X-WWW-Form-Urlencoded', `${FORM}; charset=UTF-8`, `${FORM};charset="utf-8"`]) {
      expect(await posting(forms, { 'content-type': type }, 'a=1')).toMatchObject({ status: 200, seen: 'form:a=1' });
    }
  });
  it.each(['application/json', 'multipart/form-data; boundary=x', 'text/plain', 'application/x-www-form-urlencodedX', 'application/xml', ''])('S34: refuses %p and never parses it', async type => {
    expect(await posting(forms, { 'content-type': type }, 'grant_type=password')).toMatchObject(type === '' ? { seen: 'not reached' } : refused);
  });
  it('S34: refuses a body without a content type', async () => {
    const answer = await posting(fastify => { forms(fastify); fastify.addHook('onRequest', (request, _reply, done) => { delete request.headers['content-type']; done(); }); }, { 'content-length': '3' }, 'a=1');
    expect(answer).toMatchObject(refused);
  });
  it('takes no body for an empty form', async () => {
    expect(await posting(forms, {})).toMatchObject({ status: 200, seen: 'form:' });
  });
  it('refuses other charsets, compressed bodies and what is not UTF-8', async () => {
    expect(await posting(forms, { 'content-type': `${FORM}; charset=iso-8859-1` }, 'a=1')).toMatchObject(refused);
    expect(await posting(forms, { 'content-type': FORM, 'content-encoding': 'gzip' }, 'a=1')).toMatchObject(refused);
    expect(await posting(forms, { 'content-type': FORM }, Buffer.from([0x61, 0x3d, 0xff]))).toMatchObject(refused);
  });
  it('passes on what the strict parser refuses', async () => {
    expect(await posting(fastify => { acceptForms(fastify, () => { throw new HttpException('twice', 418); }); }, { 'content-type': FORM }, 'a=1')).toMatchObject({ status: 418 });
  });
});

describe('the one path that takes JSON alone', () => {
  const json: Prepare = fastify => { forms(fastify); acceptJsonAlone(fastify, '/'); }, elsewhere: Prepare = fastify => { forms(fastify); acceptJsonAlone(fastify, '/other'); };
  it('gives an object, and refuses forms before it reads them; everywhere else it is the other way round', async () => {
    for (const type of ['application/json', 'Application/JSON; charset=utf-8']) {
      expect(await posting(json, { 'content-type': type }, '{"a":"b"}')).toMatchObject({ status: 200, seen: { a: 'b' } });
      expect(await posting(elsewhere, { 'content-type': type }, '{"a":"b"}')).toMatchObject({ ...refused, text: expect.stringContaining(FORM) as string });
    }
    expect(await posting(json, { 'content-type': FORM }, 'a=b')).toMatchObject({ ...refused, text: expect.stringContaining('application/json') as string });
    expect(await posting(elsewhere, { 'content-type': FORM }, 'a=b')).toMatchObject({ status: 200, seen: 'form:a=b' });
  });
  it.each(['{', 'null x', '{"__proto__":1}', '{"a":{"constructor":1}}'])('S66: refuses %s', async text => { expect(await posting(json, { 'content-type': 'application/json' }, text)).toMatchObject(refused); });
});

describe('a path that takes JSON and forms', () => {
  it('gives an object for both (seed 001)', async () => {
    expect(await posting(both, { 'content-type': 'application/json' }, '{"name":"x","list":[1,{"a":null}]}')).toMatchObject({ status: 200, seen: { name: 'x', list: [1, { a: null }] } });
    expect(await posting(both, { 'content-type': FORM }, 'name=x&scope=a+b')).toMatchObject({ status: 200, seen: { name: 'x', scope: 'a b' } });
    expect(await posting(both, {})).toMatchObject({ status: 200, seen: {} });
  });
  it.each(['text/plain', 'multipart/form-data; boundary=x', 'application/jsonp', 'application/merge-patch+json'])('S34: refuses %p', async type => {
    expect(await posting(both, { 'content-type': type }, '{}')).toMatchObject(refused);
  });
  it.each(['{', '{"a":1}x', 'undefined', '\ufeff{}', "{'a':1}"])('refuses %p as not JSON', async text => {
    expect(await posting(both, { 'content-type': 'application/json' }, text)).toMatchObject(refused);
  });
  it.each(['__proto__', 'constructor', 'prototype'])('S66: refuses the key %s at any depth', async key => {
    for (const text of [`{"${key}":{"x":1}}`, `{"a":[{"${key}":1}]}`, `{"\\u00${key.charCodeAt(0).toString(16)}${key.slice(1)}":1}`]) {
      expect(await posting(both, { 'content-type': 'application/json' }, text)).toMatchObject(refused);
    }
    expect('x' in {}).toBe(false);
  });
  it('refuses deep nesting without running out of stack', async () => {
    expect(await posting(both, { 'content-type': 'application/json' }, '['.repeat(30000) + ']'.repeat(30000))).toMatchObject(refused);
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(() => parseJson(nested(17))).toThrow(HttpException);
    expect(parseJson(nested(16))).toBeInstanceOf(Array);
  });
  it('S37: refuses more than a thousand fields and list elements, wherever they stand', () => {
    const fields = (many: number): string => `{${Array.from({ length: many }, (_, i) => `"f${String(i)}":0`).join()}}`, list = (many: number): string => `[${Array(many).fill('0').join()}]`;
    for (const text of [fields(1000), list(1000), `{"a":${list(499)},"b":${fields(499)}}`]) expect(parseJson(text)).toBeInstanceOf(Object);
    for (const text of [fields(1001), list(1001), `{"a":${list(499)},"b":${fields(500)}}`, `[${Array(501).fill('[0]').join()}]`]) expect(() => parseJson(text)).toThrow('more than 1000 fields');
  });
});

describe('a path that takes no body', () => {
  it('refuses any', async () => {
    expect(await posting(refuseBodies, { 'content-type': 'application/json' }, '{}')).toMatchObject(refused);
    expect(await posting(refuseBodies, {})).toMatchObject({ status: 200 });
  });
});
