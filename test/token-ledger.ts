import { setTimeout as pause } from 'node:timers/promises';

/** Every token that was answered, and what went wrong instead, as the client saw it. */
export class TokenLedger {
  readonly answered = new Set<string>();
  refused = 0;
  unanswered = 0;
  private stopping = false;
  private readonly loops: Promise<void>[] = [];

  /** `client`: client_id and secret of a machine-to-machine application with JWTs. */
  constructor(private readonly urls: readonly string[], private readonly client: { readonly id: string; readonly secret: string }) {}

  /** Asks for tokens without a pause, on so many connections, of all instances in turn. */
  start(connections: number): void {
    for (let i = 0; i < connections; i++) this.loops.push(this.loop(i));
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.loops);
  }

  private async loop(offset: number): Promise<void> {
    for (let i = offset; !this.stopping; i++) {
      try {
        const response = await fetch(`${this.urls[i % this.urls.length] ?? ''}/oauth/token`, {
          method: 'POST', signal: AbortSignal.timeout(8000),
          body: new URLSearchParams({ grant_type: 'client_credentials', client_id: this.client.id, client_secret: this.client.secret }),
        });
        const body = await response.json() as { access_token?: string };
        if (response.status === 200 && body.access_token !== undefined) this.answered.add(jtiOf(body.access_token));
        else { this.refused++; await pause(20); }
      } catch {
        this.unanswered++;
        await pause(20);
      }
    }
  }
}

const jtiOf = (token: string): string => (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as { jti: string }).jti;
