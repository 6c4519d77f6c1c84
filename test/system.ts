import { freePort } from '../tools/local-stack/free-port';
import { Instance, services, Stack, startService } from '../tools/local-stack/service-environment';
import { Supervised, Supervisor } from '../tools/local-stack/supervisor';
import { serversFor, TestServers } from './servers';

/** Tests send bursts to a machine with much else to do: they may wait longer to be begun than a client would. */
const PATIENCE = { LONGEST_WAIT_MILLISECONDS: '60000' };
type StackService = (typeof services)[number];

/** Services as separate processes on servers of their own. What is killed stays dead until the test starts it. */
export interface System {
  readonly servers: TestServers;
  readonly stack: Stack;
  /** `http://127.0.0.1:<port>` of a service's first instance. */
  readonly url: (service: StackService) => string;
  /** One more process of a service, on a port of its own. */
  readonly start: (service: StackService, instance?: Instance) => Promise<{ readonly url: string; readonly process: Supervised }>;
  readonly stop: () => Promise<void>;
}

/** A test asks again and again until something is so. */
const PLENTY = '1000000';

/** Starts the servers; services are started by the test. */
export async function startSystem(name: string): Promise<System> {
  const servers = await serversFor(name);
  const ports = Object.fromEntries(await Promise.all(services.map(async service => [service, await freePort()] as const))) as Stack['ports'];
  const stack: Stack = { servers: servers.running, secrets: servers.secrets, database: name, ports, logsDirectory: `${servers.dataDir}/logs` };
  const supervisor = new Supervisor({ log: () => undefined });
  return {
    servers, stack, url: service => `http://127.0.0.1:${String(ports[service])}`,
    start: async (service, instance = {}) => {
      const port = instance.port ?? ports[service];
      return { url: `http://127.0.0.1:${String(port)}`, process: await startService(service, stack, supervisor, { ...instance, port, env: { API_REQUESTS_PER_MINUTE: PLENTY, ...PATIENCE, ...instance.env } }) };
    },
    stop: async () => { await supervisor.stopAll(); await servers.stop(); },
  };
}

/**
 * Waits until `condition` gives something. `lastOtherwise`: how many milliseconds from now it was last asked in vain. However late a busy machine answers,
 * that is what a rule of seconds is about.
 */
export async function turned<T>(what: string, condition: () => Promise<T | undefined | false>): Promise<{ readonly value: T; readonly lastOtherwise: number }> {
  const from = performance.now();
  let lastOtherwise = 0;
  const value = await eventually(what, async () => {
    const asked = performance.now() - from, answer = await condition();
    if (answer === undefined || answer === false) lastOtherwise = asked;
    return answer;
  });
  return { value, lastOtherwise };
}

/** Resolves once `condition` gives something; fails after `seconds` with what was waited for. */
export async function eventually<T>(what: string, condition: () => Promise<T | undefined | false>, seconds = 45): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`waited ${String(seconds)} s in vain for ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
