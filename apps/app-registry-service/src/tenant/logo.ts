import type { FastifyInstance } from 'fastify';
import { ApiError } from '@strowger/auth/api-error';

const MAX_BYTES = 64 * 1024;
const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const IHDR = Buffer.from('0000000d49484452', 'hex');
const HEADER_BYTES = 33, WIDTH_AT = 16, HEIGHT_AT = 20;
/** 64 KiB of a PNG can unpack to gigabytes in everybody's browser. */
const MAX_PIXELS = 1024;

/** Lets a PNG be sent as the body of this one route; what it is worth is judged by `logoOf`. */
export function acceptPng(fastify: FastifyInstance, path = '/api/tenant/logo'): void {
  fastify.addContentTypeParser('image/png', { parseAs: 'buffer', bodyLimit: MAX_BYTES }, (request, body, done) => {
    if (request.routeOptions.url === path) done(null, body);
    else done(new ApiError(400, 'invalid_request', 'the content type must be application/json or application/x-www-form-urlencoded'));
  });
}

/**
 * The logo of a body: a PNG by its own first bytes, whatever its content type says. Never an address to fetch it from.
 * @throws ApiError invalid_request - anything else
 */
export function logoOf(body: unknown): Buffer {
  const wrong = (what: string): ApiError => new ApiError(400, 'invalid_request', `the logo is ${what}; send a PNG of at most 64 KiB as the body, with content type image/png`);
  if (!Buffer.isBuffer(body)) throw wrong('not sent as image/png');
  if (body.length > MAX_BYTES) throw wrong('larger than 64 KiB');
  if (body.length < HEADER_BYTES || !body.subarray(0, 8).equals(PNG_SIGNATURE) || !body.subarray(8, 16).equals(IHDR)) throw wrong('no PNG');
  const [width, height] = [body.readUInt32BE(WIDTH_AT), body.readUInt32BE(HEIGHT_AT)];
  if (width === 0 || height === 0 || width > MAX_PIXELS || height > MAX_PIXELS) throw wrong(`${String(width)} by ${String(height)} pixels, not from 1 to ${String(MAX_PIXELS)} each`);
  return body;
}
