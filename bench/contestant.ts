import { Requests } from './load/load-protocol';

/** What is measured, in the order of the table. */
export const operations = ['client_credentials, JWT', 'client_credentials, opaque', 'introspect', 'refresh, JWT', 'refresh, opaque', 'metadata', 'JWKS'] as const;
export type Operation = (typeof operations)[number];

/** A running server and how each operation is asked of it. */
export interface Contestant {
  readonly name: string;
  readonly pid: number;
  readonly requests: Readonly<Record<Operation, Requests>>;
}

/** The value of an `Authorization` header with a client's credentials, which are hexadecimal here. */
export const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

/** Request line and headers of a form, but for its length. */
export const formHead = (path: string, port: number, authorization: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\nAuthorization: ${authorization}\r\nUser-Agent: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n`;
