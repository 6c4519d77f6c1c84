import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';

/** tests only: the secret of the service that asks: none of its characters may get lost on the way. */
export const SECRET = 'a secret: 100% +é/ long';
/** tests only: what the token is judged to say. */
export const claims: AccessTokenClaims = {
  iss: 'http://localhost', sub: 'alice-id', aud: 'http://localhost/api', client_id: 'c'.repeat(32), exp: 2e9, iat: 1e9, jti: 'jti', scope: 'strowger:applications', tenant_id: 'demo',
  application_id: 'app', account_kind: 'user', role: 'administrator', access_level: 'all', read_only: false, impersonation: false, rights: { tenant: 1, application: 2, account: 3 },
};
/** tests only: the introspection's answer for a token with these claims. */
export const active = (change: Partial<AccessTokenClaims> = {}): object => ({ active: true, token_type: 'Bearer', username: 'alice', ...claims, ...change });

/** tests only: stands in for token-service: `answer` decides what it says about the token that was asked about. */
export class StandIn {
  readonly asked: { headers: IncomingMessage['headers']; body: string; url: string | undefined }[] = [];
  readonly sockets = new Set<unknown>();
  answer: (token: string | null, response: ServerResponse) => void = () => undefined;
  private readonly server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => { body += chunk.toString(); });
    request.on('end', () => {
      this.asked.push({ headers: request.headers, body, url: `${String(request.method)} ${String(request.url)}` });
      this.answer(new URLSearchParams(body).get('token'), response);
    });
  }).on('connection', socket => { this.sockets.add(socket); });
  async start(): Promise<string> {
    await new Promise<void>(resolve => { this.server.listen(0, '127.0.0.1', resolve); });
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }
  stop(): void { this.server.closeAllConnections(); this.server.close(); }
  says(body: unknown, status = 200): void {
    this.answer = (_token, response) => { response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body)); };
  }
}
