import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inheritedEnvironment, localStackConfig } from '../../tools/local-stack/local-stack.config';
import { Supervised, Supervisor } from '../../tools/local-stack/supervisor';

const run = promisify(execFile);
/** What Debian's redis-server consists of and needs besides what a plain Debian has. */
const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'];
const LIBRARIES = 'usr/lib/x86_64-linux-gnu';

interface RedisProgram { readonly command: string; readonly env: Readonly<Record<string, string>> }

/** redis-server of PATH, or Debian's package, unpacked into the cache and not installed. @throws Error - neither can be had */
async function findRedis(log: (line: string) => void): Promise<RedisProgram> {
  const installed = localStackConfig.path.map(folder => join(folder, 'redis-server')).find(existsSync);
  if (installed !== undefined) return { command: installed, env: inheritedEnvironment };
  const folder = join(localStackConfig.cacheDirectory, 'bench-redis'), command = join(folder, 'usr/bin/redis-server');
  if (!existsSync(join(folder, 'complete'))) {
    log("getting Debian's redis-server");
    const packages = join(folder, 'packages');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(packages, { recursive: true });
    try {
      await run('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', ...PACKAGES], { cwd: packages });
      for (const file of readdirSync(packages)) await run('dpkg-deb', ['-x', join(packages, file), folder]);
    } catch (error) {
      throw new Error('no redis-server: install it on PATH, or run apt-get update so that its package can be had', { cause: error });
    }
    mkdirSync(join(folder, 'complete'));
  }
  return { command, env: { ...inheritedEnvironment, LD_LIBRARY_PATH: join(folder, LIBRARIES) } };
}

/** Runs Redis on 127.0.0.1, with its append-only file flushed every second. */
export async function startRedis(port: number, dataDir: string, supervisor: Supervisor, log: (line: string) => void): Promise<Supervised> {
  const { command, env } = await findRedis(log), folder = join(dataDir, 'redis');
  mkdirSync(folder, { recursive: true });
  return supervisor.run({
    name: 'redis-server', command, env, logFile: join(dataDir, 'logs', 'redis.log'), whenParentIsGone: 'TERM', stopSignal: 'SIGTERM', stopSeconds: 10, readySeconds: 20,
    args: ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
    ready: () => accepts(port),
  });
}

const accepts = (port: number): Promise<void> => new Promise((resolve, reject) => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(); }).on('error', reject);
});
