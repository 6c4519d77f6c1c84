import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { requestIdOf } from './request-context';

/** Milliseconds of one turn of the event loop in which new requests are begun; how long a request may wait for its turn, and how many may. */
export interface AdmissionLimits { readonly busyMs: number; readonly longestWaitMs: number; readonly waiting: number }
interface Waiting { readonly since: number; readonly request: IncomingMessage; readonly response: ServerResponse }

/** So many are let in from those that wait in one turn of the event loop, while there is time. */
const ENTERING = 256;
const LOOK_EVERY_MS = 50;
/** Past this wait of the one that waits longest it is no burst any more. */
const BURST_MS = 100;
const REFUSAL = JSON.stringify({ error: 'temporarily_unavailable', error_description: 'more is asked of this server than it can do; try again' });
const refusalHead = (id: string): string[] => [
  'Retry-After', '1', 'Content-Type', 'application/json; charset=utf-8', 'Content-Length', String(REFUSAL.length), 'Cache-Control', 'no-store', 'X-Request-Id', id,
];

/**
 * Begins requests only as fast as the process gets through them. What arrives while the event loop has no time left in this turn waits,
 * before anything of it was judged: in a burst in the order of arrival, but once somebody has waited for long whoever came last goes
 * first, for somebody still waits for that answer. Who has waited too long is refused with 503 and `Retry-After`, which costs a tenth of an answer. So what is begun is answered in time, however much is asked, on
 * a machine of any speed; requests that wait for something else (a database, a password's turn) take no time and keep nobody out.
 */
export class Admission {
  private readonly waiting: Waiting[] = [];
  private busySince: number | undefined;
  private entering = 0;
  private looking: NodeJS.Timeout | undefined;
  private refusedSoFar = 0;

  constructor(private readonly limits: AdmissionLimits, private readonly now: () => number = () => performance.now()) {}

  /** How many were refused since the process began. */
  get refused(): number { return this.refusedSoFar; }
  /** How many wait now. */
  get waitingNow(): number { return this.waiting.length; }

  /** `handler`, as `http.Server` calls it, behind the admission. What an operator asks (`/health/*`, `/metrics`) never waits. */
  before(handler: RequestListener): RequestListener {
    return (request, response) => {
      if (isOperators(request.url) || (this.waiting.length === 0 && this.hasTime())) { handler(request, response); return; }
      if (this.waiting.length >= this.limits.waiting) { this.refuse({ request, response }); return; }
      this.waiting.push({ since: this.now(), request, response });
      this.enterLater(handler);
      this.looking ??= setInterval(() => { this.look(); }, LOOK_EVERY_MS);
    };
  }

  /** Whether this turn of the event loop has time left. A turn ends when the immediates of the next one run. */
  private hasTime(): boolean {
    const now = this.now();
    if (this.busySince === undefined) {
      this.busySince = now;
      setImmediate(() => { this.busySince = undefined; });
    }
    return now - this.busySince < this.limits.busyMs;
  }

  /** One immediate lets one in: between two of them what the first one began goes on, and its time is seen. */
  private enterLater(handler: RequestListener): void {
    if (this.entering >= ENTERING) return;
    this.entering++;
    setImmediate(() => {
      this.entering--;
      if (this.waiting.length > 0 && this.hasTime()) this.letIn(handler);
      if (this.waiting.length > this.entering) this.enterLater(handler);
    });
  }

  /** Whose client has gone meanwhile is let in nowhere. */
  private letIn(handler: RequestListener): void {
    for (let next = this.next(); next; next = this.next()) {
      if (next.request.socket.destroyed) continue;
      handler(next.request, next.response);
      return;
    }
  }

  private next(): Waiting | undefined {
    const [oldest] = this.waiting;
    return oldest && this.now() - oldest.since < BURST_MS ? this.waiting.shift() : this.waiting.pop();
  }

  private look(): void {
    const latest = this.now() - this.limits.longestWaitMs, young = this.waiting.findIndex(one => one.since > latest);
    for (const one of this.waiting.splice(0, young < 0 ? this.waiting.length : young)) if (!one.request.socket.destroyed) this.refuse(one);
    if (this.waiting.length > 0) return;
    clearInterval(this.looking);
    this.looking = undefined;
  }

  private refuse({ request, response }: Pick<Waiting, 'request' | 'response'>): void {
    this.refusedSoFar++;
    response.writeHead(503, refusalHead(requestIdOf(request))).end(REFUSAL);
  }
}

const isOperators = (url = ''): boolean => url.startsWith('/health/') || url.startsWith('/metrics');
