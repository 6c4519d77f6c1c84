import { randomUUID } from 'node:crypto';
import { AnnouncedScope } from '@strowger/contracts/scope-announcement';
import { Bus } from '@strowger/messaging/bus';
import { MessagingLog } from '@strowger/messaging/messaging-log';
import { assertMay } from './assert-may';
import { GuardConfig, guardConfig } from './auth.config';
import { bearerToken, BearingRequest, inactiveToken } from './bearer-token';
import { HttpTokenIntrospector } from './http-token-introspector';
import { needOfRequest, RouteNeed } from './need';
import { Offline, offlineIntrospector } from './offline-introspector';
import { ScopeAnnouncer } from './scope-announcer';
import { AuthenticatedCaller, TokenIntrospector } from './token-introspector';

/** What goes wrong beside the requests, as lines of JSON on standard error: for who has no log of one's own. */
const logToStandardError: MessagingLog = { info: () => undefined, warn: (fields, message) => { line('warn', fields, message); }, error: (fields, message) => { line('error', fields, message); } };

/** Guards an API of any framework: says who calls, and refuses what the token may not do. */
export class Guard {
  private announcer: ScopeAnnouncer | undefined;

  private constructor(readonly introspector: TokenIntrospector, private readonly parts: { readonly config: GuardConfig; readonly log: MessagingLog; readonly bus?: Bus; readonly offline?: Offline }) {}

  /**
   * Begins to guard, by the environment unless told otherwise. Returns at once: until the revocation feed is there, tokens are introspected.
   * @throws ZodError - the environment lacks something; every bad variable is named
   */
  static start(config: GuardConfig = guardConfig(), log: MessagingLog = logToStandardError): Guard {
    const { NATS_URL, NATS_USER, NATS_PASSWORD, STROWGER_ISSUER } = config;
    if (NATS_URL === undefined || STROWGER_ISSUER === undefined) return new Guard(new HttpTokenIntrospector(config), { config, log });
    const bus = new Bus({ NATS_URL, NATS_USER, NATS_PASSWORD }, log);
    const offline = offlineIntrospector({ ...config, STROWGER_ISSUER }, bus, log);
    offline.feed.start();
    return new Guard(offline.introspector, { config, log, bus, offline });
  }

  /** Whether tokens are judged without asking the issuer now. */
  get isCurrent(): boolean { return this.parts.offline?.feed.isCurrent() === true; }

  /**
   * Who calls, if the request's token may do what the route needs.
   * @throws ApiError invalid_request, invalid_token, insufficient_scope, access_denied, temporarily_unavailable
   */
  async authorize(request: BearingRequest, need: RouteNeed, method?: string): Promise<AuthenticatedCaller> {
    const caller = await this.introspector.introspect(bearerToken(request), randomUUID());
    if (!caller) throw inactiveToken();
    assertMay(caller.claims, needOfRequest(need, method));
    return caller;
  }

  /**
   * Announces the scopes of this service, all there are, to the catalogue: now, after each outage of the bus, and each minute.
   * @throws ZodError - they are no announcement; Error - there is no bus to announce them on, or they were announced before
   */
  announceScopes(scopes: readonly AnnouncedScope[]): void {
    const { bus, config, log } = this.parts;
    if (!bus) throw new Error('scopes are announced on the bus: NATS_URL, NATS_USER and NATS_PASSWORD are needed');
    if (this.announcer) throw new Error('the scopes of this service were announced before');
    this.announcer = new ScopeAnnouncer(bus, config.STROWGER_SERVICE_ID, scopes, log);
    this.announcer.start();
  }

  /** Leaves the bus. A request that comes later is judged by introspection. */
  async close(): Promise<void> {
    this.announcer?.stop();
    await this.parts.offline?.feed.close();
    await this.parts.bus?.close();
  }
}

function line(level: string, { err, ...fields }: { readonly err?: unknown }, message: string): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields, ...(err !== undefined && { error: err instanceof Error ? err.message : 'something that is no error was thrown' }) })}\n`);
}
