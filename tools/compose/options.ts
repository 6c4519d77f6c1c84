import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { Choices } from './deployment-values';

export const HELP = `npm run compose:env -- [--issuer URL] [--port N] [--bind ADDRESS]

Makes what docker compose needs: .env with random passwords, secrets and keys, and the configuration of nats-server
(both mode 0600). What is there is kept: run again, it adds what is missing and changes what is said here.

  --issuer URL     origin under which everybody reaches the front door (default: http://localhost:<port>);
                   https unless its host is loopback
  --port N         port on which the front door is published (default: 8080)
  --bind ADDRESS   address of this host on which it is published (default: 127.0.0.1)
  --help           this text`;

export type Asked = Choices & { readonly help: boolean };

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** @throws Error - an unknown option or a bad value; the message says which */
export function parseOptions(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args], strict: true, allowPositionals: false,
    options: { issuer: { type: 'string' }, port: { type: 'string' }, bind: { type: 'string' }, help: { type: 'boolean' } },
  });
  const { issuer, port, bind, help = false } = values;
  if (issuer !== undefined && !isIssuer(issuer)) throw new Error(`--issuer ${issuer}: an origin without a path, such as https://auth.example.com; http for a loopback host only`);
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) throw new Error(`--port ${port}: a port is a number from 1 to 65535`);
  if (bind !== undefined && isIP(bind) === 0) throw new Error(`--bind ${bind}: an IP address is needed`);
  return { help, ...(issuer !== undefined && { issuer }), ...(port !== undefined && { port: Number(port) }), ...(bind !== undefined && { bind: isIP(bind) === 6 ? `[${bind}]` : bind }) };
}

function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { origin, protocol, hostname } = new URL(text);
  return origin === text && (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname)));
}
