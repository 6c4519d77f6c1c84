import { join } from 'node:path';
import { Instance, serviceEnvironment, Stack } from '../../tools/local-stack/service-environment';
import { Supervised, Supervisor } from '../../tools/local-stack/supervisor';

const loader = join(__dirname, '../run-typescript.cjs');

/** Starts a service with one part bound to a faulty adapter; `mutations` are names of `<service>.mutant.ts`. Resolves when it is ready. */
export async function startMutant(
  service: 'token-service' | 'audit-service', mutations: readonly string[], stack: Stack, supervisor: Supervisor, instance: Required<Pick<Instance, 'instance' | 'port'>> & Instance,
): Promise<{ readonly url: string; readonly process: Supervised }> {
  const url = `http://127.0.0.1:${String(instance.port)}`;
  const started = await supervisor.run({
    name: instance.instance, command: process.execPath, args: ['--no-warnings', loader, join(__dirname, `${service}.mutant.ts`), ...mutations], env: serviceEnvironment(service, stack, instance),
    logFile: join(stack.logsDirectory, `${instance.instance}.log`), whenParentIsGone: 'self', stopSignal: 'SIGTERM', stopSeconds: 20, readySeconds: 60,
    ready: async () => { if ((await fetch(`${url}/health/ready`)).status !== 200) throw new Error('not yet'); },
  });
  return { url, process: started };
}
