import { createHash } from 'node:crypto';
import { Requests } from './load/load-protocol';

/** What is measured, in the order of the table. */
export const operations = ['client_credentials, JWT', 'client_credentials, opaque', 'introspect', 'refresh, JWT', 'refresh, opaque', 'code exchange, JWT', 'metadata', 'JWKS'] as const;
export type Operation = (typeof operations)[number];
/** The operation whose every request needs a code of its own. */
export const CODE_EXCHANGE = 'code exchange, JWT' satisfies Operation;

/** A running server and how each operation is asked of it. */
export interface Contestant {
  readonly name: string;
  readonly pid: number;
  readonly requests: Readonly<Record<Operation, Requests>>;
  /** Makes authorization codes for `CODE_EXCHANGE`: each is good for one request. */
  readonly codes: (many: number) => Promise<readonly string[]>;
}

/** The value of an `Authorization` header with a client's credentials, which are hexadecimal here. */
export const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

/** Request line and headers of a form, but for its length. */
export const formHead = (path: string, port: number, authorization: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\nAuthorization: ${authorization}\r\nUser-Agent: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n`;

/** Where the codes of the bench were sent, and their PKCE pair. */
export const REDIRECT_URI = 'https://client.example/cb';
export const VERIFIER = 'v'.repeat(43), CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
/** The form of a code exchange, but for the code at its end. */
export const codeForm = `grant_type=authorization_code&redirect_uri=${encodeURIComponent(REDIRECT_URI)}&code_verifier=${VERIFIER}&code=`;
