import type { IncomingHttpHeaders } from 'node:http';

/** By which a stranger could say who calls, what is asked, or how to speak to the next server; `via` and `te` concern one connection only. */
const dropped = /^(x-forwarded.*|forwarded|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|cf-connecting-ip|x-original-.*|x-rewrite-.*|x-http-method.*|x-method-override|proxy-.*|via|expect|upgrade|http2-settings|keep-alive|te|trailer|transfer-encoding)$/;
/** Of a response, what concerns one connection only. */
const ofOneConnection = /^(connection|keep-alive|proxy-.*|upgrade|trailer|transfer-encoding)$/;

interface Forwarded { readonly ip: string; readonly id: string; readonly method: string }

/** The headers of a request as its service gets them: `X-Forwarded-For` is the peer alone, `X-Request-Id` the one of this request. */
export function requestHeaders({ ip, id, method }: Forwarded, headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !dropped.test(name) && !(hasNoBody(method) && name === 'content-length'));
  return { ...Object.fromEntries(kept), 'x-forwarded-for': ip.replace(/^::ffff:(?=\d+\.)/i, ''), 'x-request-id': id };
}

/** The headers of a response as the caller gets them. */
export const responseHeaders = (headers: IncomingHttpHeaders): IncomingHttpHeaders => Object.fromEntries(Object.entries(headers).filter(([name]) => !ofOneConnection.test(name)));

/** A body sent with these is not read, and not passed on. */
const hasNoBody = (method: string): boolean => method === 'GET' || method === 'HEAD';
