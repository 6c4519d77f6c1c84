import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { freePort } from '../../tools/local-stack/free-port';
import { inheritedEnvironment } from '../../tools/local-stack/local-stack.config';
import { Supervisor } from '../../tools/local-stack/supervisor';
import { basic, Contestant, formHead } from '../contestant';

const BENCH = join(__dirname, '..'), REFRESH_TOKENS = 512, INTROSPECTED = 256, SCOPE = 'rest:calllog:read';
const Printed = z.object({ opaque: z.array(z.string()), jwt: z.array(z.string()) });
const Issued = z.object({ access_token: z.string() });

/** Installs the peers' packages beside the bench, unless they are there. @throws Error - npm failed */
async function install(log: (line: string) => void): Promise<void> {
  const done = join(BENCH, 'node_modules/.package-lock.json'), wanted = join(BENCH, 'package-lock.json');
  if (existsSync(done) && statSync(done).mtimeMs >= statSync(wanted).mtimeMs) return;
  log("installing the peer's packages (about ten seconds)");
  const child = spawn('npm', ['ci', '--no-audit', '--no-fund'], { cwd: BENCH, env: inheritedEnvironment, stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('exit', resolve); });
  if (code !== 0) throw new Error("the peer's packages could not be installed");
}

/** oidc-provider on the Redis of this port, in a process of its own. */
export async function startPeer(redisPort: number, dataDir: string, supervisor: Supervisor, log: (line: string) => void): Promise<Contestant> {
  await install(log);
  const port = await freePort(), id = randomBytes(16).toString('hex'), secret = randomBytes(16).toString('hex');
  const logFile = join(dataDir, 'logs', 'oidc-provider.log'), url = `http://127.0.0.1:${String(port)}`;
  const process_ = await supervisor.run({
    name: 'oidc-provider', command: process.execPath, args: [join(BENCH, 'peer/oidc-provider.mjs'), String(port), String(redisPort), id, secret, String(REFRESH_TOKENS)],
    env: { ...inheritedEnvironment, NODE_ENV: 'production' }, logFile, whenParentIsGone: 'self', stopSignal: 'SIGTERM', stopSeconds: 5, readySeconds: 60,
    ready: async () => { await fetch(`${url}/jwks`); },
  });
  const line = readFileSync(logFile, 'utf8').split('\n').find(text => text.startsWith('{"opaque"'));
  if (line === undefined) throw new Error(`oidc-provider did not print its refresh tokens; see ${logFile}`);
  const refresh = Printed.parse(JSON.parse(line)), head = (path: string): string => formHead(path, port, basic(id, secret));
  const issue = `grant_type=client_credentials&scope=${SCOPE}`, pid = process_.pid();
  if (pid === undefined) throw new Error('oidc-provider ended');
  const tokens = await Promise.all(Array.from({ length: INTROSPECTED }, async () => {
    const answer = await fetch(`${url}/token`, { method: 'POST', headers: { authorization: basic(id, secret) }, body: new URLSearchParams(issue) });
    return Issued.parse(await answer.json()).access_token;
  }));
  return {
    name: 'oidc-provider', pid,
    requests: {
      'client_credentials, JWT': { port, head: head('/token'), bodies: [`${issue}&resource=urn%3Abench%3Ajwt`] },
      'client_credentials, opaque': { port, head: head('/token'), bodies: [issue] },
      'introspect': { port, head: head('/token/introspection'), bodies: tokens.map(token => `token=${token}`) },
      'refresh, JWT': { port, head: head('/token'), refresh: { form: 'grant_type=refresh_token&refresh_token=', tokens: refresh.jwt } },
      'refresh, opaque': { port, head: head('/token'), refresh: { form: 'grant_type=refresh_token&refresh_token=', tokens: refresh.opaque } },
      'metadata': { port, head: `GET /.well-known/openid-configuration HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\n` },
      'JWKS': { port, head: `GET /jwks HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\n` },
    },
  };
}
