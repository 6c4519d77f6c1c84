import type { FastifyInstance } from 'fastify';
import type { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { ApiError } from './api-error';

/** The counters that instances share, as this limit needs them: adds `times`, and says what the window then stands at. */
export interface SharedCounters {
  hit(counter: { readonly what: string; readonly whom: string; readonly windowSeconds: number }, now: Date, times: number): Promise<{ readonly count: number; readonly endsAt: Date }>;
}
/** `service`: whose API it is, each has counters of its own. */
export interface RequestLimitSettings { readonly service: string; readonly perMinute: number; readonly now: () => Date; readonly log: { warn(fields: object, line: string): void } }
/** What a caller is told: how many a minute has, how many of them are left, and in how many seconds the next minute begins. */
export interface RequestAllowance { readonly limit: number; readonly remaining: number; readonly resetSeconds: number }
/** A caller's minute as this process knows it: `shared` was counted by all instances at `sharedAt`, `own` is still to be added to that. */
interface Minute { readonly whom: string; endsAt: number; shared: number; sharedAt: number; own: number; adding: boolean }

const WINDOW_SECONDS = 60, SHARE_MS = 1000, AT_ONCE = 8;

/**
 * The limit of a resource API: so many requests a minute for each client and account. Counted in this process and added to the counter that all
 * instances share at most once a second, beside the request: so it costs a request nothing. While the shared counter does not answer this
 * process goes on counting its own. A request that is refused is not counted.
 */
export class RequestLimit {
  private readonly minutes = new Map<string, Minute>();
  private timer: NodeJS.Timeout | undefined;
  private sharing = Promise.resolve();
  private isAway = false;

  constructor(private readonly counters: SharedCounters, private readonly settings: RequestLimitSettings) {}

  /**
   * Counts a request of this caller.
   * @throws ApiError rate_limit_exceeded - 429: the minute's number is used up
   */
  count({ application_id, sub }: Pick<AccessTokenClaims, 'application_id' | 'sub'>): RequestAllowance {
    const { perMinute } = this.settings, at = this.settings.now().getTime(), minute = this.minuteOf(`${application_id}\n${sub}`, at);
    const left = perMinute - minute.shared - minute.own, resetSeconds = Math.min(WINDOW_SECONDS, Math.ceil((minute.endsAt - at) / 1000));
    if (left <= 0) {
      throw new ApiError(429, 'rate_limit_exceeded', `this client made ${String(perMinute)} requests for this account within a minute; wait, then go on`, {
        status: 'rate_limit_exceeded', retryAfterSeconds: resetSeconds, limit: perMinute,
      });
    }
    minute.own++;
    if (at - minute.sharedAt >= SHARE_MS) void this.add(minute);
    this.timer ??= setTimeout(() => { this.sharing = this.share(); }, SHARE_MS).unref();
    return { limit: perMinute, remaining: left - 1, resetSeconds };
  }

  /** Adds what is not shared yet, for a process that stops. */
  async drain(): Promise<void> {
    await this.sharing;
    clearTimeout(this.timer);
    await this.addAll();
  }

  private minuteOf(whom: string, at: number): Minute {
    const known = this.minutes.get(whom);
    if (known && known.endsAt > at) return known;
    const begun = { whom, endsAt: at + WINDOW_SECONDS * 1000, shared: 0, sharedAt: -Infinity, own: 0, adding: false };
    this.minutes.set(whom, begun);
    return begun;
  }

  private async share(): Promise<void> {
    await this.addAll();
    const at = this.settings.now().getTime();
    for (const [whom, { endsAt }] of this.minutes) if (endsAt <= at) this.minutes.delete(whom);
    this.timer = this.minutes.size === 0 ? undefined : setTimeout(() => { this.sharing = this.share(); }, SHARE_MS).unref();
  }

  private async addAll(): Promise<void> {
    const due = [...this.minutes.values()].filter(minute => minute.own > 0);
    for (let first = 0; first < due.length; first += AT_ONCE) await Promise.all(due.slice(first, first + AT_ONCE).map(minute => this.add(minute)));
  }

  private async add(minute: Minute): Promise<void> {
    const at = this.settings.now(), times = minute.own;
    // What belongs to a minute that is over counts for nobody any more.
    if (minute.adding || times === 0 || minute.endsAt <= at.getTime()) return;
    minute.adding = true;
    minute.sharedAt = at.getTime();
    try {
      const { count, endsAt } = await this.counters.hit({ what: `requests:${this.settings.service}`, whom: minute.whom, windowSeconds: WINDOW_SECONDS }, at, times);
      minute.own -= times;
      minute.shared = count;
      minute.endsAt = endsAt.getTime();
      this.isAway = false;
    } catch (error) {
      if (!this.isAway) this.settings.log.warn({ err: error }, 'requests are counted by this process alone: the shared counters do not answer');
      this.isAway = true;
    } finally {
      minute.adding = false;
    }
  }
}

/** The three headers that tell a caller its allowance. */
export const allowanceHeaders = ({ limit, remaining, resetSeconds }: RequestAllowance): Record<string, string> =>
  ({ 'x-ratelimit-limit': String(limit), 'x-ratelimit-remaining': String(remaining), 'x-ratelimit-reset': String(resetSeconds) });

/** Lets every answer below `path` tell an allowance: a whole one, until the guard knows whose it is. Before any route is made. */
export function tellAllowance(fastify: FastifyInstance, perMinute: number, path = '/api/'): void {
  const whole = allowanceHeaders({ limit: perMinute, remaining: perMinute, resetSeconds: WINDOW_SECONDS });
  fastify.addHook('onRoute', route => {
    if (!route.url.startsWith(path)) return;
    route.onRequest = [...[route.onRequest ?? []].flat(), (_request, reply, done) => { void reply.headers(whole); done(); }];
  });
}
