import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { installPackages } from '../../test/install-packages';
import { freePort } from '../../tools/local-stack/free-port';
import { inheritedEnvironment } from '../../tools/local-stack/local-stack.config';
import { Supervisor } from '../../tools/local-stack/supervisor';
import { basic, CHALLENGE, CODE_EXCHANGE, codeForm, Contestant, formHead, REDIRECT_URI } from '../contestant';

const BENCH = join(__dirname, '..'), REFRESH_TOKENS = 512, INTROSPECTED = 256, SCOPE = 'rest:calllog:read';
const Printed = z.object({ opaque: z.array(z.string()), jwt: z.array(z.string()) });
const Codes = z.array(z.string());
const Issued = z.object({ access_token: z.string() });

/** oidc-provider on the Redis of this port, in a process of its own. */
export async function startPeer(redisPort: number, dataDir: string, supervisor: Supervisor, log: (line: string) => void): Promise<Contestant> {
  await installPackages(BENCH, log);
  const port = await freePort(), codesPort = await freePort(), id = randomBytes(16).toString('hex'), secret = randomBytes(16).toString('hex');
  const logFile = join(dataDir, 'logs', 'oidc-provider.log'), url = `http://127.0.0.1:${String(port)}`;
  const process_ = await supervisor.run({
    name: 'oidc-provider', command: process.execPath, args: [join(BENCH, 'peer/oidc-provider.mjs'), String(port), String(redisPort), id, secret, String(REFRESH_TOKENS), String(codesPort), REDIRECT_URI, CHALLENGE],
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
    codes: async many => Codes.parse(await (await fetch(`http://127.0.0.1:${String(codesPort)}/${String(many)}`)).json()),
    requests: {
      'client_credentials, JWT': { port, head: head('/token'), bodies: [`${issue}&resource=urn%3Abench%3Ajwt`] },
      'client_credentials, opaque': { port, head: head('/token'), bodies: [issue] },
      'introspect': { port, head: head('/token/introspection'), bodies: tokens.map(token => `token=${token}`) },
      'refresh, JWT': { port, head: head('/token'), refresh: { form: 'grant_type=refresh_token&refresh_token=', tokens: refresh.jwt } },
      'refresh, opaque': { port, head: head('/token'), refresh: { form: 'grant_type=refresh_token&refresh_token=', tokens: refresh.opaque } },
      [CODE_EXCHANGE]: { port, head: head('/token'), once: { form: codeForm } },
      'metadata': { port, head: `GET /.well-known/openid-configuration HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\n` },
      'JWKS': { port, head: `GET /jwks HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\n` },
    },
  };
}
