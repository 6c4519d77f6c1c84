import { setTimeout as pause } from 'node:timers/promises';
import { Supervised } from '../../tools/local-stack/supervisor';
import { eventually } from '../system';
import { losesAnswers, losesWritesTo } from './database-proxy';
import { Deployment, Instance, Service } from './deployment';
import { SeededRandom } from './seeded-random';

/** One blow of a fault: so long after the last one, so long, at these instances. Milliseconds. */
export interface Strike { readonly after: number; readonly lasts: number; readonly targets: readonly number[] }
/** What goes wrong. `strike` resolves when the fault has ended (what was killed is being started), with the addresses that must answer again. */
export interface Fault {
  readonly name: string;
  readonly strikes: number;
  /** Milliseconds, least and most; those of `--short` where they differ. */
  readonly lasts: readonly [number, number];
  readonly lastsShort?: readonly [number, number];
  strike(deployment: Deployment, strike: Strike, random: SeededRandom): Promise<Ended>;
}
/** `restarted` rejects where what was killed does not come back. */
export interface Ended { readonly urls: readonly string[]; readonly restarted: Promise<unknown> }

const TARGETS = [[0], [1], [0, 1]] as const;
const STRIKE_EVERY_MS = [500, 3000] as const, STARTS_AGAIN = 20;
const FREEZE = [15_000, 15_000] as const, FREEZE_SHORT = [4000, 4000] as const;

/** When a fault strikes and whom: follows from the seed and the fault's name alone. */
export function planned(fault: Fault, random: SeededRandom, short: boolean): readonly Strike[] {
  return Array.from({ length: short ? 1 : fault.strikes }, () => {
    const [least, most] = short ? fault.lastsShort ?? fault.lasts : fault.lasts;
    return { after: random.between(...STRIKE_EVERY_MS), lasts: random.between(least, most), targets: TARGETS[random.index(TARGETS.length)] ?? [0] };
  });
}

const gone = (victim: Supervised): Promise<unknown> => eventually(`the end of ${victim.name}`, () => Promise.resolve(victim.pid() === undefined));
/** A database that was killed may have to wait for its own children to notice. */
async function startedAgain(victim: Supervised): Promise<void> {
  for (let tries = 1; ; tries++) {
    try { await victim.start(); return; } catch (error) {
      if (tries === STARTS_AGAIN) throw error;
      await pause(250);
    }
  }
}
/** Kills, waits, and begins to start again. */
async function kill(victims: readonly Supervised[], lasts: number): Promise<{ readonly restarted: Promise<unknown> }> {
  for (const victim of victims) victim.kill('SIGKILL');
  await Promise.all(victims.map(gone));
  await pause(lasts);
  const restarted = Promise.all(victims.map(startedAgain));
  restarted.catch(() => undefined);      // whoever struck looks later
  return { restarted };
}
async function freeze(victims: readonly Supervised[], lasts: number): Promise<void> {
  for (const victim of victims) victim.kill('SIGSTOP');
  try { await pause(lasts); } finally { for (const victim of victims) victim.kill('SIGCONT'); }
}
const done = (urls: readonly string[]): Ended => ({ urls, restarted: Promise.resolve() });
const tokenUrls = (deployment: Deployment): readonly string[] => deployment.instances('token-service').map(instance => instance.url);
const hit = (deployment: Deployment, service: Service, { targets }: Strike): readonly Instance[] => {
  const instances = deployment.instances(service);
  return targets.flatMap(index => instances[index] ?? []);
};
/** Where the fault's victim is asked: a token-service or a front door itself, of anything else any token-service. */
const asked = (deployment: Deployment, service: Service, victims: readonly Instance[]): readonly string[] =>
  service === 'token-service' || service === 'portal-service' ? victims.map(victim => victim.url) : tokenUrls(deployment);

const killOf = (service: Service): Fault => ({
  name: `kill -9 of ${service}`, strikes: 3, lasts: [100, 1500],
  async strike(deployment, strike) {
    const victims = hit(deployment, service, strike);
    return { urls: asked(deployment, service, victims), ...await kill(victims.map(victim => victim.process), strike.lasts) };
  },
});
const freezeOf = (service: Service): Fault => ({
  name: `SIGSTOP of ${service}`, strikes: 1, lasts: FREEZE, lastsShort: FREEZE_SHORT,
  async strike(deployment, strike) {
    const victims = hit(deployment, service, strike);
    await freeze(victims.map(victim => victim.process), strike.lasts);
    return done(asked(deployment, service, victims));
  },
});
type Server = 'nats' | 'database' | 'databaseFront';
const serverNames: Readonly<Record<Server, string>> = { nats: 'nats-server', database: 'the database', databaseFront: "the database's front" };
const killOfServer = (server: Server): Fault => ({
  name: `kill -9 of ${serverNames[server]}`, strikes: 3, lasts: [100, 2000],
  strike: async (deployment, strike) => ({ urls: tokenUrls(deployment), ...await kill([deployment.servers[server]], strike.lasts) }),
});
const freezeOfServer = (server: Server): Fault => ({
  name: `SIGSTOP of ${serverNames[server]}`, strikes: 1, lasts: FREEZE, lastsShort: FREEZE_SHORT,
  async strike(deployment, strike) {
    await freeze([deployment.servers[server]], strike.lasts);
    return done(tokenUrls(deployment));
  },
});

const HALF_WRITTEN_WITHIN = 10;
/** The writes to one collection never leave a token-service whose bus is away, and then it is killed: the turn is written by half. */
const halfWritten = (collection: string, name: string): Fault => ({
  name: `${name} never sent, bus away, kill -9`, strikes: 3, lasts: [700, 1500],
  async strike(deployment, strike) {
    const victims = hit(deployment, 'token-service', strike);
    deployment.bus.cut();
    for (const { way } of victims) if (way) way.fate = losesWritesTo(collection);
    const lost = (): number => victims.reduce((sum, { way }) => sum + (way?.lost ?? 0), 0), before = lost();
    await eventually('a write to be lost', () => Promise.resolve(lost() > before), HALF_WRITTEN_WITHIN).catch(() => undefined);
    await pause(strike.lasts);
    const killed = await kill(victims.map(victim => victim.process), 0);
    for (const { way } of victims) if (way) way.fate = undefined;
    deployment.bus.mend();
    return { urls: victims.map(victim => victim.url), ...killed };
  },
});

export const withoutTokens = halfWritten('access_tokens', 'tokens'), withoutOutbox = halfWritten('outbox', 'outbox entries'), withoutGrants = halfWritten('grants', 'grants');
export const busCut: Fault = {
  name: 'the bus cut', strikes: 1, lasts: [300_000, 300_000], lastsShort: [20_000, 20_000],
  async strike(deployment, strike) {
    deployment.bus.cut();
    await pause(strike.lasts);
    deployment.bus.mend();
    return done(tokenUrls(deployment));
  },
};
export const busMute: Fault = {
  name: "the bus's answers lost", strikes: 3, lasts: [1000, 4000],
  async strike(deployment, strike) {
    deployment.bus.mute();
    await pause(strike.lasts);
    deployment.bus.mend();
    return done(tokenUrls(deployment));
  },
};
const ANSWERS_LOST = 0.3;
const databaseMute: Fault = {
  name: "the database's answers lost after commit", strikes: 3, lasts: [3000, 8000],
  async strike(deployment, strike, random) {
    const victims = hit(deployment, 'token-service', strike);
    for (const { way } of victims) if (way) way.fate = losesAnswers(random, ANSWERS_LOST);
    await pause(strike.lasts);
    for (const { way } of victims) if (way) way.fate = undefined;
    return done(victims.map(victim => victim.url));
  },
};

export const faults: readonly Fault[] = [
  killOf('token-service'), killOf('audit-service'), killOf('app-registry-service'), killOf('scope-service'), killOf('pbx-api-service'), killOf('portal-service'),
  killOfServer('nats'), killOfServer('databaseFront'), killOfServer('database'),
  freezeOf('token-service'), freezeOf('audit-service'), freezeOf('app-registry-service'), freezeOf('scope-service'), freezeOf('pbx-api-service'), freezeOf('portal-service'),
  freezeOfServer('nats'), freezeOfServer('databaseFront'),
  busCut, busMute, databaseMute, withoutTokens, withoutOutbox, withoutGrants,
];
