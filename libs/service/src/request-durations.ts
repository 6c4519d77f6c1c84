import type { FastifyReply, FastifyRequest } from 'fastify';

const NAME = 'http_request_duration_seconds';
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, Infinity];
/** What the answers of one method, route and status took. `buckets` are not cumulated. */
interface Row { readonly method: string; readonly status: number; readonly buckets: number[]; seconds: number }

/**
 * Durations of all answered requests by method, route template and status. What matches no route is one row a status, so that strangers
 * cannot make rows. Counted in plain numbers: a labelled histogram of the metrics library costs a tenth of a small request.
 */
export class RequestDurations {
  private readonly routes = new Map<string, Row[]>();

  /** Counts a request whose answer is out. */
  measure(request: FastifyRequest, reply: FastifyReply): void {
    const route = request.is404 ? undefined : request.routeOptions.url;
    this.observe(route === undefined ? 'any' : request.method, route ?? 'none', reply.statusCode, reply.elapsedTime / 1000);
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    const row = this.row(method, route, status), bucket = BUCKETS_SECONDS.findIndex(most => seconds <= most);
    row.buckets[bucket] = (row.buckets[bucket] ?? 0) + 1;
    row.seconds += seconds;
  }

  /** The histogram as Prometheus text. */
  text(): string {
    const lines = [`# HELP ${NAME} Time from the arrival of a request to the end of its answer`, `# TYPE ${NAME} histogram`];
    for (const [route, rows] of this.routes) {
      for (const { method, status, buckets, seconds } of rows) {
        const labels = `method="${method}",route="${route}",status="${String(status)}"`;
        let count = 0;
        buckets.forEach((many, i) => { lines.push(`${NAME}_bucket{le="${labelOf(BUCKETS_SECONDS[i])}",${labels}} ${String(count += many)}`); });
        lines.push(`${NAME}_sum{${labels}} ${String(seconds)}`, `${NAME}_count{${labels}} ${String(count)}`);
      }
    }
    return `${lines.join('\n')}\n`;
  }

  private row(method: string, route: string, status: number): Row {
    let rows = this.routes.get(route);
    if (!rows) this.routes.set(route, rows = []);
    for (const row of rows) if (row.status === status && row.method === method) return row;
    const added: Row = { method, status, buckets: BUCKETS_SECONDS.map(() => 0), seconds: 0 };
    rows.push(added);
    return added;
  }
}

const labelOf = (most = Infinity): string => most === Infinity ? '+Inf' : String(most);
