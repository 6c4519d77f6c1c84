import { setTimeout as pause } from 'node:timers/promises';
import { StallingProxy } from '../../test/stalling-proxy';
import { GuardScene } from './guard-scene';

const AT_ONCE = 4, A_CUT = 50, CUT_MS = 6000;

/** p50, p99 and the longest of some milliseconds, as a row of a table. */
export function row(what: string, milliseconds: readonly number[]): string {
  const sorted = milliseconds.toSorted((a, b) => a - b), at = (part: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN).toFixed(0);
  return `| ${what} | ${String(sorted.length)} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |`;
}

/** From a revocation's answer to the refusal at each of two guards, while the bus is up. */
export async function busUp(scene: GuardScene, many: number): Promise<number[]> {
  const tokens = await scene.issue(many), measured: number[] = [];
  for (const guard of scene.guards) for (const token of tokens) await guard.introspector.introspect(token, 'bench');
  await Promise.all(Array.from({ length: AT_ONCE }, async (_, first) => {
    for (let i = first; i < tokens.length; i += AT_ONCE) measured.push(...await scene.revoke(tokens[i] ?? ''));
  }));
  return measured;
}

/** The same, spread over the six seconds after the bus was killed. */
export async function busCut(scene: GuardScene, cuts: number, log: (line: string) => void): Promise<number[]> {
  const measured: number[] = [], { nats } = scene.tokens.system.servers;
  for (let cut = 0; cut < cuts; cut++) {
    await scene.allCurrent();
    const tokens = await scene.issue(A_CUT);
    for (const guard of scene.guards) for (const token of tokens) await guard.introspector.introspect(token, 'bench');
    nats.kill('SIGKILL');
    await nats.stop();
    measured.push(...(await Promise.all(tokens.map(async (token, index) => {
      await pause(index / A_CUT * CUT_MS);
      return scene.revoke(token);
    }))).flat());
    await nats.start();
    log(`cut ${String(cut + 1)} of ${String(cuts)}`);
  }
  return measured;
}

/** The same, where the instance that revoked is killed before anything that it published arrives. */
export async function revokerKilled(scene: GuardScene, kills: number, log: (line: string) => void): Promise<number[]> {
  const measured: number[] = [], bus = new URL(scene.tokens.system.servers.natsUrl);
  for (let kill = 0; kill < kills; kill++) {
    const proxy = await StallingProxy.to(bus.hostname, Number(bus.port));
    const doomed = await scene.tokens.startInstance(`doomed-${String(kill)}`, { LOG_LEVEL: 'warn', NATS_URL: `nats://127.0.0.1:${String(proxy.port)}` }), index = scene.tokens.instances.indexOf(doomed);
    await scene.allCurrent();
    const tokens = await scene.issue(A_CUT);
    for (const guard of scene.guards) for (const token of tokens) await guard.introspector.introspect(token, 'bench');
    proxy.stall();
    const { promise: answered, resolve } = Promise.withResolvers<undefined>();
    let many = 0;
    const revoked = tokens.map(token => scene.revoke(token, index, () => { if (++many === A_CUT) resolve(undefined); }));
    const killed = (async () => {
      await answered;
      doomed.process.kill('SIGKILL');
      await doomed.process.stop();
    })();
    measured.push(...(await Promise.all(revoked)).flat());
    await killed;
    scene.tokens.instances.splice(index, 1);
    proxy.stop();
    log(`kill ${String(kill + 1)} of ${String(kills)}`);
  }
  return measured;
}
