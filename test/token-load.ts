import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { partsOf, TokenLedger } from './token-ledger';

/** An application's credentials; without a secret it is a public client. */
export interface LoadClient { readonly id: string; readonly secret?: string }
/** Who asks: machines (JWT or opaque tokens), and people with a password who then refresh. */
export interface LoadClients {
  readonly machines: readonly LoadClient[];
  readonly people?: { readonly client: LoadClient; readonly accounts: readonly { readonly username: string; readonly password: string }[] };
}
interface Answer { readonly status: number; readonly body: { readonly access_token?: string; readonly refresh_token?: string } }

/** A client gives an instance up after this long, and leaves it alone for a while. */
const PATIENCE_MS = 6000, AVOID_MS = 400, PROBE_PATIENCE_MS = 1500, PAUSE_AFTER_REFUSAL_MS = 20;
const GRANTS_OF_ONE = 3, ROUNDS_OF_A_GRANT = 200, PEOPLE_SHARE = 8;

/** Asks for tokens without a pause, of all instances in turn, and notes every answer in the ledger. */
export class TokenLoad {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly avoided = new Map<string, number>();
  private readonly loops: Promise<void>[] = [];
  private stopping = false;

  constructor(private readonly urls: readonly string[], private readonly clients: LoadClients, readonly ledger = new TokenLedger()) {}

  /** On so many connections; where there are people, every eighth is theirs. */
  start(connections: number): void {
    for (let i = 0; i < connections; i++) this.loops.push(this.clients.people && i % PEOPLE_SHARE === 0 ? this.people(i, this.clients.people) : this.machine(i));
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.loops);
    this.agent.destroy();
  }

  /** Asks one instance again and again until it answers with a token; milliseconds of that. @throws Error - not within `seconds` */
  async firstToken(url: string, seconds: number): Promise<number> {
    const began = performance.now();
    while (performance.now() - began < seconds * 1000) {
      const answer = await this.ask(url, machineForm(this.clients.machines[0]), PROBE_PATIENCE_MS);
      if (answer?.body.access_token !== undefined) return performance.now() - began;
      await pause(PAUSE_AFTER_REFUSAL_MS);
    }
    throw new Error(`${url} gave no token within ${String(seconds)} s`);
  }

  private async machine(offset: number): Promise<void> {
    const form = machineForm(this.clients.machines[offset % this.clients.machines.length]);
    for (let i = offset; !this.stopping; i++) {
      const answer = await this.ask(this.next(i), form);
      if (answer?.status !== 200) await pause(PAUSE_AFTER_REFUSAL_MS);
    }
  }

  /** Signs in, then refreshes what it holds in turn; what is not answered is asked again, with the token it has, of another instance. */
  private async people(offset: number, { client, accounts }: NonNullable<LoadClients['people']>): Promise<void> {
    const held: { refreshToken: string; rounds: number }[] = [];
    const form = (fields: Record<string, string>): string => new URLSearchParams({ client_id: client.id, ...(client.secret !== undefined && { client_secret: client.secret }), ...fields }).toString();
    for (let i = offset; !this.stopping; i++) {
      const one = held.length >= GRANTS_OF_ONE ? held.shift() : undefined, account = accounts[i % accounts.length];
      const answer = await this.ask(this.next(i), form(one ? { grant_type: 'refresh_token', refresh_token: one.refreshToken } : { grant_type: 'password', username: account?.username ?? '', password: account?.password ?? '' }));
      const successor = answer?.status === 200 ? answer.body.refresh_token : undefined;
      if (one && answer?.status === 400) this.ledger.endedGrants.add(partsOf(one.refreshToken).grantId);
      else if (successor !== undefined && (one?.rounds ?? 0) < ROUNDS_OF_A_GRANT) held.push({ refreshToken: successor, rounds: (one?.rounds ?? 0) + 1 });
      else if (one && successor === undefined) held.unshift(one);
      if (successor === undefined) await pause(PAUSE_AFTER_REFUSAL_MS);
    }
  }

  private next(i: number): string {
    const now = performance.now();
    for (let skip = 0; skip < this.urls.length; skip++) {
      const url = this.urls[(i + skip) % this.urls.length] ?? '';
      if ((this.avoided.get(url) ?? 0) <= now) return url;
    }
    return this.urls[i % this.urls.length] ?? '';
  }

  private async ask(url: string, form: string, patienceMs = PATIENCE_MS): Promise<Answer | undefined> {
    const answer = await this.post(url, form, patienceMs).catch(() => undefined);
    if (answer?.status === 200 && answer.body.access_token !== undefined) this.ledger.token(answer.body.access_token, answer.body.refresh_token);
    else if (answer) this.ledger.refusal(answer.status);
    else { this.ledger.unanswered++; this.avoided.set(url, performance.now() + AVOID_MS); }
    return answer;
  }

  private post(url: string, form: string, patienceMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const posted = request(`${url}/oauth/token`, { method: 'POST', agent: this.agent, headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(form) } }, response => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => { text += part; }).on('error', reject).on('end', () => {
          clearTimeout(timer);
          try { resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] }); } catch (error) { reject(error instanceof Error ? error : new Error(String(error))); }
        });
      });
      const timer = setTimeout(() => { posted.destroy(new Error('no answer')); }, patienceMs);
      posted.on('error', error => { clearTimeout(timer); reject(error); });
      posted.on('close', () => { clearTimeout(timer); reject(new Error('closed')); });
      posted.end(form);
    });
  }
}

const machineForm = (client: LoadClient | undefined): string =>
  new URLSearchParams({ grant_type: 'client_credentials', client_id: client?.id ?? '', client_secret: client?.secret ?? '' }).toString();
