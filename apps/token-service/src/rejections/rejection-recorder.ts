import { EventData, StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { EventSource, makeEvent, randomEventId } from '@strowger/models/outbox/make-event';
import { AccountFacts, ApplicationFacts, DEPLOYMENT } from '@strowger/oauth-core/facts';
import { Origin } from '@strowger/oauth-core/ports';

type Refusal = StrowgerEvent<'token.rejected'> | StrowgerEvent<'login.failed'>;
/** Where events are made durable that stand for no document. */
export interface EventRecord { record(event: Refusal): Promise<void> }

/** Past so many refusals a second, they are counted in memory and recorded as one when the second ends. */
const PER_CLIENT_AND_ADDRESS = 10, PER_INSTANCE = 200, SECOND_MS = 1000;
interface Flood { readonly event: Refusal; count: number }

/** Records refusals: each with an event of its own, floods of them with one event a second that counts. */
export class RejectionRecorder {
  private second = new Map<string, number>();
  private inSecond = 0;
  private floods = new Map<string, Flood>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly turns: EventRecord, private readonly source: EventSource, private readonly now: () => Date) {}

  /** A token request was refused. `reason`: the error code. Durable when it answers, unless it is one of a flood. */
  async tokenRejected(application: ApplicationFacts | undefined, grantType: string | undefined, reason: string, origin: Origin): Promise<void> {
    await this.record(application?.client_id ?? '', this.event('token.rejected', application?.tenant_id, origin, {
      ...(application && { client_id: application.client_id }), ...(grantType !== undefined && { grant_type: grantType }), reason,
    }));
  }

  /**
   * A password did not match (or did, `right`, where the account may not log in). Of an unknown account no typed name is kept: people type
   * passwords there. It only tells floods apart, each name's from others': so that they take as long whether there is such an account or not.
   */
  async loginFailed({ username, account }: { readonly username: string; readonly account: AccountFacts | undefined }, right: boolean, origin: Origin): Promise<void> {
    await this.record(username, this.event('login.failed', account?.tenant_id, origin, {
      ...(account && { account_id: account.id }), reason: account && account.status !== 'active' ? account.status : right ? 'not_allowed' : 'wrong_password',
    }));
  }

  /** Records what has been counted. */
  async drain(): Promise<void> {
    clearTimeout(this.timer);
    await this.secondEnds();
  }

  private event(type: 'token.rejected', tenant: string | undefined, origin: Origin, data: Omit<EventData<'token.rejected'>, 'tenant_id' | 'version'>): Refusal;
  private event(type: 'login.failed', tenant: string | undefined, origin: Origin, data: Omit<EventData<'login.failed'>, 'tenant_id' | 'version'>): Refusal;
  private event(type: 'token.rejected' | 'login.failed', tenant: string | undefined, origin: Origin, data: object): Refusal {
    const id = randomEventId();
    const whole = { tenant_id: tenant ?? DEPLOYMENT, version: 0, ...origin, reason: '', ...data };
    return type === 'token.rejected' ? makeEvent(this.source, type, id, id, this.now(), whole) : makeEvent(this.source, type, id, id, this.now(), whole);
  }

  private async record(whom: string, event: Refusal): Promise<void> {
    const key = `${event.type} ${whom} ${event.data.ip ?? ''}`;
    const count = (this.second.get(key) ?? 0) + 1;
    this.second.set(key, count);
    this.inSecond++;
    this.timer ??= setTimeout(() => { void this.secondEnds().catch(() => undefined); }, SECOND_MS);
    if (this.inSecond > PER_INSTANCE) this.flood(event.type, { ...event, data: { tenant_id: DEPLOYMENT, version: 0, reason: 'flood' } });
    else if (count > PER_CLIENT_AND_ADDRESS) this.flood(key, event);
    else await this.turns.record(event);
  }

  private flood(key: string, event: Refusal): void {
    const flood = this.floods.get(key);
    if (flood) flood.count++; else this.floods.set(key, { event, count: 1 });
  }

  private async secondEnds(): Promise<void> {
    const floods = [...this.floods.values()];
    this.timer = undefined;
    this.second = new Map();
    this.inSecond = 0;
    this.floods = new Map();
    await Promise.all(floods.map(({ event, count }) => this.turns.record({ ...event, data: { ...event.data, count } } as Refusal)));
  }
}
