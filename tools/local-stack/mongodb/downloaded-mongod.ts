import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { downloadUnlessFailed } from '../failed-download';
import { inheritedEnvironment } from '../local-stack.config';
import { builtFile } from '../repository-root';
import { Source } from '../source';
import { MongodbProgram } from './mongodb-program';

/** The version that is downloaded; production is MongoDB 8 as well. */
const VERSION = '8.2.6';
const STALLED_SECONDS = 20;
const megabytesIn = (folder: string): number => readdirSync(folder).reduce((sum, file) => sum + (statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0), 0) / 1e6;
const mongodIn = (folder: string): string | undefined => (existsSync(folder) ? readdirSync(folder) : []).filter(file => /^mongod[-.\w]*$/.test(file) && !/\.(tgz|lock|downloading|md5)$/.test(file)).map(file => join(folder, file))[0];

/** A mongod from MongoDB's own downloads, kept in the cache. Given up when nothing arrives for 20 s. */
export const downloadedMongod = (cacheDirectory: string, log: (line: string) => void): Source<MongodbProgram> => ({
  name: 'downloaded mongod',
  find: async () => {
    const folder = join(cacheDirectory, 'mongod', VERSION), kept = mongodIn(folder);
    if (kept !== undefined) return { value: { kind: 'mongod', program: kept }, reason: `kept in ${folder}` };
    const result = await downloadUnlessFailed(join(cacheDirectory, 'mongod.failed'), () => download(folder, log));
    return 'value' in result ? { value: { kind: 'mongod', program: result.value }, reason: `version ${VERSION} from MongoDB` } : result;
  },
});

/** The download is a process of its own: the library that does it cannot be interrupted. */
function download(folder: string, log: (line: string) => void): Promise<string> {
  mkdirSync(folder, { recursive: true });
  log(`downloading mongod ${VERSION} from MongoDB`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [builtFile('tools/local-stack/mongodb/download-mongod.ts'), folder, VERSION], {
      env: { ...inheritedEnvironment, MONGOMS_MAX_RETRIES: '0', MONGOMS_MD5_CHECK: '1' }, stdio: ['pipe', 'pipe', 'pipe'],
    });
    let output = '', before = 0, stalled = 0;
    const timer = setInterval(() => {
      const now = megabytesIn(folder);
      stalled = now > before ? 0 : stalled + 1;
      before = now;
      log(`  ${now.toFixed(0)} MB${stalled > 0 ? `, nothing for ${String(stalled * 5)} s` : ''}`);
      if (stalled * 5 >= STALLED_SECONDS) child.kill('SIGKILL');
    }, 5000);
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (data: Buffer) => { output = (output + data.toString()).slice(-4000); });
    child.stderr.on('data', (data: Buffer) => { output = (output + data.toString()).slice(-4000); });
    child.once('error', reject).once('close', code => {
      clearInterval(timer);
      const program = mongodIn(folder), said = output.trim().split('\n').at(-1) ?? '';
      if (code === 0 && program !== undefined) resolve(program);
      else reject(new Error(stalled * 5 >= STALLED_SECONDS ? `nothing arrived for ${String(STALLED_SECONDS)} s` : said || `ended with ${String(code)}`));
    });
  });
}
