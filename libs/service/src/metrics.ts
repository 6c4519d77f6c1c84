import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Serves `GET /metrics` (Prometheus text) with what the process and Node tell of themselves, and whatever else is in the registry. */
export function serveMetrics(fastify: FastifyInstance, registry: Registry): void {
  if (!registry.getSingleMetric('process_cpu_user_seconds_total')) collectDefaultMetrics({ register: registry });
  fastify.get('/metrics', async (_request, reply) => {
    await reply.header('content-type', registry.contentType).send(await registry.metrics());
  });
}

/**
 * Measures every answered request by method, route template and status; durations are seconds. What matches no route is one row, so
 * that strangers cannot make rows.
 */
export function requestMeter(registry: Registry): (request: FastifyRequest, reply: FastifyReply) => void {
  const durations = new Histogram({
    name: 'http_request_duration_seconds', help: 'Time from the arrival of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'], registers: [registry],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  });
  return (request, reply) => {
    const route = request.is404 ? undefined : request.routeOptions.url;
    const labels = route === undefined ? { method: 'any', route: 'none', status: reply.statusCode } : { method: request.method, route, status: reply.statusCode };
    durations.observe(labels, reply.elapsedTime / 1000);
  };
}
