import { isUtf8 } from 'node:buffer';
import { BadRequestException } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const MAX_JSON_DEPTH = 16;
/** Names and list elements together: a name costs whoever judges it more than it costs to send. */
const MAX_JSON_PARTS = 1000;
const REFUSED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Accepts form bodies only (RFC 6749 appendix B); any other content type, or none, is refused with 400 before it is read. `parse` is given the
 * text and may throw what the service's filter knows. A request without a body is an empty form.
 */
export function acceptForms(fastify: FastifyInstance, parse: (body: string) => unknown): void {
  refuseBodies(fastify, `the content type must be ${FORM}`);
  fastify.addContentTypeParser(FORM, { parseAs: 'buffer' }, (request, body, done) => { answer(done, () => parse(textOf(request, body))); });
  emptyBodyIs(fastify, () => parse(''));
}

/** After `acceptForms`: accepts on this one route JSON objects (as below) and no forms. What is of the wrong kind is refused before it is read. */
export function acceptJsonAlone(fastify: FastifyInstance, route: string): void {
  fastify.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (request, body, done) => { answer(done, () => parseJson(textOf(request, body))); });
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    const type = request.headers['content-type'], wanted = request.routeOptions.url === route;
    const isRight = type === undefined || request.method === 'GET' || request.method === 'HEAD' || (type.split(';', 1)[0]?.trim().toLowerCase() === JSON_TYPE) === wanted;
    if (isRight) done(null, payload);
    else done(new BadRequestException(`the content type must be ${wanted ? JSON_TYPE : FORM}`));
  });
}

/**
 * Accepts JSON objects and forms (seed 001: a request to the management API may be either). `parseForm` gives the form's names and values,
 * each once; they become an object of strings. JSON with a key that could reach a prototype, nested deeper than 16, or of
 * more than 1,000 parts, is refused with 400.
 */
export function acceptJsonAndForms(fastify: FastifyInstance, parseForm: (body: string) => Iterable<readonly [string, string]>): void {
  refuseBodies(fastify, `the content type must be ${JSON_TYPE} or ${FORM}`);
  fastify.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (request, body, done) => { answer(done, () => parseJson(textOf(request, body))); });
  fastify.addContentTypeParser(FORM, { parseAs: 'buffer' }, (request, body, done) => {
    answer(done, () => Object.fromEntries(parseForm(textOf(request, body))));
  });
  emptyBodyIs(fastify, () => ({}));
}

/** Accepts no body at all; `why` is told to who sends one. */
export function refuseBodies(fastify: FastifyInstance, why = 'a body is not accepted here'): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => { done(new BadRequestException(why)); });
}

/**
 * Parses JSON from outside.
 * @throws BadRequestException - not JSON, nested too deeply, of too many parts, or with a key such as `__proto__`
 */
export function parseJson(text: string): unknown {
  if (text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadRequestException('the body is not valid JSON');
  }
  inspect(value, 0, 0);
  return value;
}

/** Gives how many parts there are, `before` included. */
function inspect(value: unknown, depth: number, before: number): number {
  if (typeof value !== 'object' || value === null) return before;
  if (depth >= MAX_JSON_DEPTH) throw new BadRequestException(`the JSON is nested deeper than ${String(MAX_JSON_DEPTH)}`);
  let parts = before;
  for (const key of Object.keys(value)) {
    if (REFUSED_KEYS.has(key)) throw new BadRequestException(`the name ${key} is not accepted`);
    if (++parts > MAX_JSON_PARTS) throw new BadRequestException(`the JSON has more than ${String(MAX_JSON_PARTS)} fields and list elements`);
  }
  for (const part of Object.values(value)) parts = inspect(part, depth + 1, parts);
  return parts;
}

function textOf(request: FastifyRequest, body: Buffer | string): string {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw new BadRequestException('a compressed body is not accepted');
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) throw new BadRequestException('the charset must be UTF-8');
  if (typeof body === 'string') return body;
  if (!isUtf8(body)) throw new BadRequestException('the body is not valid UTF-8');
  return body.toString('utf8');
}

function answer(done: (error: Error | null, body?: unknown) => void, parse: () => unknown): void {
  let body: unknown;
  try {
    body = parse();
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  done(null, body);
}

function emptyBodyIs(fastify: FastifyInstance, empty: () => unknown): void {
  fastify.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined && request.method !== 'GET' && request.method !== 'HEAD') request.body = empty();
    done();
  });
}
