import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expressGuard, Middleware } from '@strowger/auth/express';
import { Guard } from '@strowger/auth/guard';
import { installPackages } from '../../test/install-packages';
import { median } from '../measure/pairs';
import { GuardScene } from './guard-scene';

const TOKENS = 256, SCOPE = 'rest:calllog:read';
/** One way of protecting a route; `calls` is how many requests a slice has. */
interface Contestant { readonly name: string; readonly guard: Middleware; readonly tokens: readonly string[]; readonly calls: number; readonly fresh?: () => Promise<{ guard: Middleware; tokens: readonly string[] }> }
type BearerVerify = (token: string, done: (error: unknown, user?: unknown) => void) => void;

/** Calls a middleware as Express would, and resolves when it lets the request pass. */
function pass(guard: Middleware, token: string): Promise<void> {
  const rawHeaders = ['host', '127.0.0.1', 'authorization', `Bearer ${token}`, 'user-agent', 'bench'];
  const headers: Record<string, string> = { host: '127.0.0.1', authorization: `Bearer ${token}`, 'user-agent': 'bench' };
  const request = { method: 'GET', url: '/calllog', originalUrl: '/calllog', protocol: 'http', headers, rawHeaders, query: {}, body: undefined, is: () => false, get: (name: string) => headers[name.toLowerCase()] };
  return new Promise((resolve, reject) => {
    const refused = (status: number): object => { reject(new Error(`refused with ${String(status)}`)); return response; };
    const response = { writeHead: refused, setHeader: () => response, end: () => { reject(new Error('refused')); } };
    guard(request as unknown as Parameters<Middleware>[0], response as unknown as Parameters<Middleware>[1], error => { if (error === undefined) resolve(); else reject(error instanceof Error ? error : new Error('refused')); });
  });
}

/** CPU time of this process, all its threads, for a request, in microseconds. */
async function slice({ guard, tokens, calls, fresh }: Contestant): Promise<number> {
  const now = fresh ? await fresh() : { guard, tokens };
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) await pass(now.guard, now.tokens[i % now.tokens.length] ?? '');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

/** What a guarded request costs the process that serves it: ours hot, cold and opaque, beside two peers, in turns. */
export async function requestCost(scene: GuardScene, rounds: number, log: (line: string) => void): Promise<string> {
  await installPackages(join(__dirname, '..'), log);
  const load = createRequire(join(__dirname, '..', 'package.json')), { config } = scene, silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const tokens = await scene.issue(TOKENS), opaque = await scene.issue(TOKENS, 'opaque'), issuer = config.STROWGER_ISSUER ?? '';
  const [guard] = scene.guards;
  if (!guard) throw new Error('no guard');
  const started: Guard[] = [];
  const fresh = (kind: readonly string[]) => async (): Promise<{ guard: Middleware; tokens: readonly string[] }> => {
    const cold = Guard.start(config, silent);
    started.push(cold);
    while (!cold.isCurrent) await pause(20);
    await pass(expressGuard(cold)(SCOPE), tokens[0] ?? '');
    return { guard: expressGuard(cold)(SCOPE), tokens: kind };
  };
  const { auth } = load('express-oauth2-jwt-bearer') as { auth: (options: object) => Middleware };
  const passport = load('passport') as { use: (strategy: unknown) => void; authenticate: (name: string, options: object) => Middleware };
  const { Strategy } = load('passport-http-bearer') as { Strategy: new (verify: BearerVerify) => unknown };
  const credentials = `Basic ${Buffer.from(`${config.STROWGER_SERVICE_ID}:${config.STROWGER_SERVICE_SECRET}`).toString('base64')}`;
  passport.use(new Strategy((token, done) => {
    fetch(`${config.TOKEN_SERVICE_URL}/oauth/introspect`, { method: 'POST', headers: { authorization: credentials, 'content-type': 'application/x-www-form-urlencoded' }, body: `token=${token}` })
      .then(answer => answer.json()).then((answer: unknown) => { done(null, (answer as { active: boolean }).active ? answer : false); }, done);
  }));
  const ours = expressGuard(guard)(SCOPE), contestants: Contestant[] = [
    { name: 'nothing (the harness)', guard: (_request, _response, next) => { next(); }, tokens, calls: 20_000 },
    { name: '**ours: JWT, hot**', guard: ours, tokens, calls: 20_000 },
    { name: 'ours: JWT, cold', guard: ours, tokens, calls: TOKENS, fresh: fresh(tokens) },
    { name: '**ours: opaque, hot**', guard: ours, tokens: opaque, calls: 20_000 },
    { name: 'ours: opaque, cold', guard: ours, tokens: opaque, calls: TOKENS, fresh: fresh(opaque) },
    { name: 'express-oauth2-jwt-bearer: JWT', guard: auth({ issuer, audience: `${issuer}/api`, jwksUri: `${config.TOKEN_SERVICE_URL}/.well-known/jwks.json`, tokenSigningAlg: 'ES256' }), tokens, calls: 2000 },
    { name: 'passport-http-bearer, introspection: JWT', guard: passport.authenticate('bearer', { session: false }), tokens, calls: 500 },
    { name: 'passport-http-bearer, introspection: opaque', guard: passport.authenticate('bearer', { session: false }), tokens: opaque, calls: 500 },
  ];
  const measured = contestants.map((): number[] => []);
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const [index, contestant] of contestants.entries()) {
        const cost = await slice(contestant);
        if (round > 0) measured[index]?.push(cost);
      }
      log(`round ${String(round)} of ${String(rounds)}`);
    }
  } finally { await Promise.all(started.map(one => one.close())); }
  const empty = median(measured[0] ?? []);
  return ['| CPU time a request, us | median | lowest | highest |', '|---|---|---|---|', ...contestants.slice(1).map(({ name }, index) => {
    const values = (measured[index + 1] ?? []).map(value => value - empty);
    return `| ${name} | ${median(values).toFixed(1)} | ${Math.min(...values).toFixed(1)} | ${Math.max(...values).toFixed(1)} |`;
  })].join('\n');
}
