import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { localStackConfig } from './local-stack.config';

// Below the ports that systems give to outgoing connections (from 32768 on Linux): there a server that is down for a moment
// could lose its port to a client, or a client that reconnects could meet itself.
const FIRST_PORT = 16_384, END_PORT = 32_768, MAX_ATTEMPTS = 200;
// Test files run beside each other, and what one of them has just killed must find its port free again: each worker draws from an eighth of its own.
const SHARES = 8, SHARE = (END_PORT - FIRST_PORT) / SHARES, FIRST_OF_SHARE = FIRST_PORT + (localStackConfig.testWorker % SHARES) * SHARE;

const canListen = (port: number, host: string): Promise<boolean> => new Promise(resolve => {
  const server = createServer().once('error', (error: NodeJS.ErrnoException) => { resolve(error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT'); });
  server.listen({ port, host, exclusive: true }, () => { server.close(() => { resolve(true); }); });
});

/** Whether nobody listens on this port of the loopback addresses. */
export const isFree = async (port: number): Promise<boolean> => await canListen(port, '127.0.0.1') && await canListen(port, '::1');

const given = new Set<number>();
/**
 * A port on which nobody listens; never the same twice in one process.
 * @throws Error - none was found
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const port = randomInt(FIRST_OF_SHARE, FIRST_OF_SHARE + SHARE);
    if (given.has(port) || !await isFree(port)) continue;
    given.add(port);
    return port;
  }
  throw new Error('no free port was found on 127.0.0.1');
}

/** The first free port from `port` on, at most a hundred further. */
export async function nextFreePort(port: number): Promise<number> {
  for (let candidate = port; candidate < Math.min(port + 100, 65_536); candidate++) if (await isFree(candidate)) return candidate;
  throw new Error(`ports ${String(port)} to ${String(port + 99)} are all taken`);
}
