import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../system';
import { Verdict } from '../trail';
import { Deployment } from './deployment';
import { busCut, busMute, Fault, withoutGrants, withoutOutbox, withoutTokens } from './faults';
import { PhaseOptions, runPhase } from './phase';

/** A protection that is left out, the fault it protects against, and what then must be found. */
export interface Mutation {
  readonly protection: string;
  readonly service: 'token-service' | 'audit-service';
  readonly name: string;
  readonly fault: Fault;
  readonly red: 'lost' | 'doubled' | 'phantom';
  /** What is owed is never published: there is no rest to wait for. */
  readonly restless?: true;
}

export const mutations: readonly Mutation[] = [
  { protection: 'the existence check of the relay', service: 'token-service', name: 'blind-relay', fault: withoutTokens, red: 'phantom' },
  { protection: 'waiting for the outbox', service: 'token-service', name: 'outbox-not-awaited', fault: withoutOutbox, red: 'lost' },
  { protection: 'grant durable before token', service: 'token-service', name: 'grants-not-awaited', fault: withoutGrants, red: 'lost' },
  { protection: 'judging by event id', service: 'audit-service', name: 'without-deduplication', fault: busMute, red: 'doubled' },
  { protection: 'the relay', service: 'token-service', name: 'without-relay', fault: busCut, red: 'lost', restless: true },
];

const REST_SECONDS = 120, SETTLE_MS = 3000;

/** Runs the fault against the service without its protection. */
export async function runMutation(deployment: Deployment, mutation: Mutation, options: PhaseOptions): Promise<Verdict> {
  for (const service of ['audit-service', 'token-service'] as const) await deployment.run(service, service === mutation.service ? [mutation.name] : []);
  try {
    const phase = await runPhase(deployment, mutation.fault, options);
    await pause(SETTLE_MS);
    await eventually('the trail to stand still', () => mutation.restless ? deployment.trail.isRead() : deployment.trail.isAtRest(), REST_SECONDS);
    return await deployment.trail.judge(phase.ledger, phase.tenantId);
  } finally {
    for (const service of ['token-service', 'audit-service'] as const) await deployment.end(service);
  }
}
