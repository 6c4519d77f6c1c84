import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { downloadUnlessFailed } from '../failed-download';
import { Source } from '../source';
import { NatsProgram } from './nats-program';

const VERSION = '2.15.1', RELEASES = 'https://github.com/nats-io/nats-server/releases/download';
const CONNECT_SECONDS = 10, DOWNLOAD_SECONDS = 120;
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** The official release, checked against the SHA-256 published with it, kept in the cache. */
export const releasedNats = (cacheDirectory: string, log: (line: string) => void, releases = RELEASES): Source<NatsProgram> => ({
  name: 'official release of nats-server',
  find: async () => {
    const folder = join(cacheDirectory, `nats-server-${VERSION}`), program = join(folder, 'nats-server');
    if (existsSync(program)) return { value: { kind: 'nats-server', program }, reason: `kept in ${folder}` };
    const result = await downloadUnlessFailed(join(cacheDirectory, 'nats-server.failed'), () => download(folder, releases, log));
    return 'value' in result ? { value: { kind: 'nats-server', program }, reason: `${VERSION} from its GitHub release` } : result;
  },
});

async function get(url: string, seconds: number): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(seconds * 1000) });
    if (!response.ok) throw new Error(`answered ${String(response.status)}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`${new URL(url).host}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause: error });
  }
}

async function download(folder: string, releases: string, log: (line: string) => void): Promise<void> {
  const machine = ARCHITECTURES[arch()];
  if (machine === undefined || !['linux', 'darwin'].includes(platform())) throw new Error(`there is none for ${platform()} on ${arch()}`);
  const name = `nats-server-v${VERSION}-${platform()}-${machine}`, release = `${releases}/v${VERSION}`;
  log(`downloading ${name} from ${new URL(release).host}`);
  const sums = (await get(`${release}/SHA256SUMS`, CONNECT_SECONDS)).toString('utf8');
  const published = sums.split('\n').map(line => line.split(/\s+\*?/)).find(([, file]) => file === `${name}.tar.gz`)?.[0];
  if (published === undefined) throw new Error(`${release}/SHA256SUMS does not list ${name}.tar.gz`);
  const archive = await get(`${release}/${name}.tar.gz`, DOWNLOAD_SECONDS);
  if (createHash('sha256').update(archive).digest('hex') !== published) throw new Error(`${name}.tar.gz has not the published SHA-256`);
  const unpacked = `${folder}.${String(process.pid)}`;
  mkdirSync(unpacked, { recursive: true });
  writeFileSync(`${unpacked}.tar.gz`, archive);
  await promisify(execFile)('tar', ['-xzf', `${unpacked}.tar.gz`, '-C', unpacked, '--strip-components=1', `${name}/nats-server`]);
  rmSync(`${unpacked}.tar.gz`);
  rmSync(folder, { recursive: true, force: true });
  renameSync(unpacked, folder);
}
