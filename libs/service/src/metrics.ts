import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { Admission } from './admission';
import { RequestDurations } from './request-durations';

/** Serves `GET /metrics` (Prometheus text) with what the process and Node tell of themselves, how long answers took, and whatever else is in the registry. */
export function serveMetrics(fastify: FastifyInstance, registry: Registry, durations: RequestDurations): void {
  if (!registry.getSingleMetric('process_cpu_user_seconds_total')) collectDefaultMetrics({ register: registry });
  fastify.get('/metrics', async (_request, reply) => {
    await reply.header('content-type', registry.contentType).send(`${await registry.metrics()}\n${durations.text()}`);
  });
}

/** Requests that wait to be begun, and those that were refused because more was asked than could be done. */
export function countAdmission(registry: Registry, admission: Admission): void {
  const registers = [registry];
  new Gauge({ name: 'strowger_requests_waiting', help: 'Requests that wait because the process is busy', registers, collect() { this.set(admission.waitingNow); } });
  new Counter({ name: 'strowger_requests_refused_total', help: 'Requests answered 503 before they were begun, because the process was busy', registers, collect() { this.reset(); this.inc(admission.refused); } });
}
