import { readFileSync } from 'node:fs';
import { rpc } from '@strowger/contracts/bus-users';
import { ServiceName } from '@strowger/contracts/event-catalogue';
import { AnnouncedScope, AnnouncementReply } from '@strowger/contracts/scope-announcement';
import { Bus } from '@strowger/messaging/bus';
import { rpcRequest } from '@strowger/messaging/rpc-request';
import { SCOPES } from '@strowger/models/scopes/scopes.schema';
import { TokenScene } from '../../apps/token-service/src/token-service.fixture';
import { table } from '../../bench/table';
import { freePort } from '../../tools/local-stack/free-port';
import { Supervised } from '../../tools/local-stack/supervisor';
import { eventually } from '../system';
import type { Outcome } from './codes.trial';

const MOST_ROUNDS = 200, WANTED_MS = 1000, EACH = 2000;
const announcers: readonly ServiceName[] = ['pbx-api-service', 'portal-service', 'audit-service', 'app-registry-service', 'token-service'];
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const announced = (scope: string, path: string): AnnouncedScope => ({ scope, description: `About ${scope}`, access_level: 'call_api', opens: [{ method: 'GET', path }, { method: 'GET', path: `${path}/{id}` }] });
const ms = (figure: number | undefined): string => (figure ?? NaN).toFixed(0);
const share = (sorted: readonly number[], of: number): number | undefined => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))];

/**
 * How long after a service began to announce a new scope it can be granted, at both token-services, over two scope-services; then 10,000 scopes: how long
 * their announcement takes, what it does to memory, and how long the catalogue's largest answers take.
 */
export async function announcementsTrial(scene: TokenScene, rounds: number, log: (line: string) => void): Promise<Outcome> {
  const env = { TOKEN_SERVICE_URL: scene.url('') }, services = [await scene.system.start('scope-service', { instance: 'scope-service-1', env }), await scene.system.start('scope-service', { instance: 'scope-service-2', port: await freePort(), env })];
  const buses = new Map(announcers.map(user => [user, new Bus({ NATS_URL: scene.system.servers.natsUrl, NATS_USER: user, NATS_PASSWORD: scene.system.servers.busPassword(user) }, quiet)]));
  const announce = async (user: ServiceName, scopes: readonly AnnouncedScope[]): Promise<AnnouncementReply> => {
    const bus = buses.get(user);
    if (!bus) throw new Error(user);
    await bus.connection();
    return rpcRequest(bus, rpc.announceScopes(user), { scopes }, AnnouncementReply);
  };
  const owner = await scene.account({ role: 'administrator' }), machine = await scene.application(owner, { scope: 'gql rest strowger' });
  try {
    const one = await grantable(), many = await tenThousand();
    return { good: one.good && many.good, table: `${one.table}\n\n${many.table}` };
  } finally { await Promise.all([...buses.values()].map(bus => bus.close())); }

  async function grantable(): Promise<Outcome> {
    const scopes: AnnouncedScope[] = [], answered: number[] = [], first: number[] = [], granted: number[] = [];
    for (let round = 0; round < Math.min(rounds, MOST_ROUNDS); round++) {
      const scope = `rest:trial${String(round)}:read`, began = performance.now();
      scopes.push(announced(scope, `/api/rest/trial${String(round)}`));
      const reply = announce('pbx-api-service', scopes).then(() => { answered.push(performance.now() - began); });
      const times = await Promise.all([0, 1].map(async instance => eventually(`${scope} to be granted`, async () =>
        (await scene.credentials(machine, { scope }, { instance, headers: { 'x-forwarded-for': scene.newAddress() } })).status === 200 && performance.now() - began)));
      await reply;
      first.push(Math.min(...times));
      granted.push(Math.max(...times));
      if ((round + 1) % 20 === 0) log(`${String(round + 1)} scopes`);
    }
    const rows = ([['the announcement was answered', answered], ['granted by one token-service', first], ['granted by both', granted]] as const).map(([what, list]) => {
      const sorted = list.toSorted((a, b) => a - b);
      return [what, String(sorted.length), ms(share(sorted, 0.5)), ms(share(sorted, 0.99)), ms(sorted.at(-1))];
    });
    return { good: Math.max(...granted) <= WANTED_MS, table: table(['since the announcement was sent', 'scopes', 'p50 ms', 'p99 ms', 'longest ms'], rows) };
  }

  async function tenThousand(): Promise<Outcome> {
    const before = services.map(({ process }) => peakOf(process)), rows: string[][] = [], began = performance.now();
    for (const user of announcers) {
      const at = performance.now(), scopes = Array.from({ length: EACH }, (_, n) => announced(`rest:${user}-${String(n % 200)}:read:s${String(n)}`, `/api/rest/${user}/${String(n)}`));
      const reply = await eventually(`the scopes of ${user}`, () => announce(user, scopes).catch(() => false as const), 300);
      if (reply.accepted !== EACH) throw new Error(JSON.stringify(reply));
      log(`${user}: ${ms(performance.now() - at)} ms`);
    }
    rows.push(['announced by five services, one after another', `${ms(performance.now() - began)} ms`]);
    const at = performance.now();
    await announce('portal-service', Array.from({ length: EACH }, (_, n) => announced(`rest:portal-service-${String(n % 200)}:read:s${String(n)}`, `/api/rest/portal-service/${String(n)}`)));
    rows.push(['2,000 of them announced again, unchanged', `${ms(performance.now() - at)} ms`]);
    const stored = await scene.database.collection(SCOPES).countDocuments({ sub: /^s\d+$/, version: 1 });
    let answered = 0;
    const asked = await scene.credentials(machine, { scope: 'strowger' }), headers = { authorization: `Bearer ${String(asked.json['access_token'])}` };
    for (const path of ['/api/scopes?limit=200', '/api/scopes?q=s1999', '/api/scopes/tree', '/api/scopes/resolve?scope=rest', '/api/scopes/rest/reach']) {
      const from = performance.now(), answer = await fetch(`${services[0]?.url ?? ''}${path}`, { headers }), text = await answer.text();
      if (answer.status === 200) answered++;
      rows.push([`GET \`${path}\``, `${String(answer.status)} in ${ms(performance.now() - from)} ms, ${ms(text.length / 1024)} KiB`]);
    }
    const grant = performance.now(), token = await scene.credentials(machine, { scope: 'rest:portal-service-7:read' });
    rows.push(['a token of one of them', `${String(token.status)} in ${ms(performance.now() - grant)} ms`]);
    rows.push(['most memory of a scope-service, MiB: before, after', services.map(({ process }, n) => `${ms(before[n])}, ${ms(peakOf(process))}`).join('; ')]);
    return { good: stored === EACH * announcers.length && answered === 5, table: table(['10,000 scopes', ''], rows) };
  }
}

/** The most memory that a process ever had, MiB. */
const peakOf = (process: Supervised): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${String(process.pid())}/status`, 'utf8'))?.[1]) / 1024;
