import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../system';
import { TokenLedger } from '../token-ledger';
import { TokenLoad } from '../token-load';
import { Deployment } from './deployment';
import { Fault, planned } from './faults';
import { SeededRandom } from './seeded-random';

/** What one fault did, as the clients saw it. Seconds: until every address that was hit gave a token, and until the trail showed what was answered before. */
export interface Phase { readonly name: string; readonly tenantId: string; readonly ledger: TokenLedger; readonly recovered: number; readonly shown: number | undefined }
export interface PhaseOptions { readonly seed: number; readonly short: boolean; readonly connections: number; readonly log: (line: string) => void }

const WARM_UP_MS = 2000, AFTERWARDS_MS = 1000, RECOVERS_WITHIN = 120, SHOWN_WITHIN = 300;
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

/** Clients ask without a pause while the fault strikes, and until all is well again. */
export async function runPhase(deployment: Deployment, fault: Fault, { seed, short, connections, log }: PhaseOptions): Promise<Phase> {
  const random = new SeededRandom(seed, fault.name), strikes = planned(fault, random, short);
  const { tenantId, clients } = await deployment.seed();
  const load = new TokenLoad(deployment.urls, clients), { ledger } = load;
  let recovered = 0, shown: number | undefined;
  log(`${fault.name}: ${strikes.map(strike => `after ${seconds(strike.after)} for ${seconds(strike.lasts)} at ${strike.targets.map(index => index + 1).join('+')}`).join(', ')}`);
  load.start(connections);
  try {
    await pause(WARM_UP_MS);
    for (const strike of strikes) {
      await pause(strike.after);
      const { urls, restarted } = await fault.strike(deployment, strike, random);
      const ended = performance.now(), answered = ledger.lastAnswered();
      await Promise.all(urls.map(async url => { recovered = Math.max(recovered, await load.firstToken(url, RECOVERS_WITHIN) / 1000); }));
      await restarted;
      if (strike !== strikes.at(-1)) continue;
      shown = await eventually('the trail', () => deployment.trail.shows(answered).catch(() => false), SHOWN_WITHIN).then(() => (performance.now() - ended) / 1000, () => undefined);
    }
    await pause(AFTERWARDS_MS);
  } finally { await load.stop(); }
  log(`  answered ${String(ledger.answered.size)}, refused ${[...ledger.refusals].map(([status, count]) => `${String(count)} (${String(status)})`).join(', ') || '0'}, unanswered ${String(ledger.unanswered)}, grants ${String(ledger.refreshTokens.size)}, recovered in ${recovered.toFixed(1)} s, shown in ${shown?.toFixed(1) ?? `over ${String(SHOWN_WITHIN)}`} s`);
  return { name: fault.name, tenantId, ledger, recovered, shown };
}
