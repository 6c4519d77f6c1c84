import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { Database } from '@strowger/models/database';

/** A marked secret that was found where it must not be. */
export interface Hit { readonly canary: string; readonly place: string }

const LEAST_LENGTH = 12;

/** Every way in which text could stand somewhere without being recognised at once. */
export function writings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // In the base64 of something longer the text begins at one of three places of a group; its first and last letters mix with its neighbours.
  const within = [0, 1, 2].map(offset => Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64').slice(Math.ceil(offset * 4 / 3), Math.floor((offset + bytes.length) * 4 / 3)));
  return [...new Set([
    secret, encodeURIComponent(secret), new URLSearchParams([['', secret]]).toString().slice(1), JSON.stringify(secret).slice(1, -1), JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    ...within, ...within.map(text => text.replaceAll('+', '-').replaceAll('/', '_')), bytes.toString('hex'), bytes.toString('hex').toUpperCase(),
  ])];
}

/** The marked secrets of a run, and the places in which they are looked for. */
export class Canaries {
  private readonly names = new Map<string, string>();
  private readonly secrets = new Set<string>();
  private readonly commandLines = new Set<string>();
  private watching: NodeJS.Timeout | undefined;

  /** How many different secrets are marked. */
  get size(): number { return this.secrets.size; }

  /** Remembers a secret under a name that may be shown. Gives it back. @throws Error - so short a text would be found by chance */
  mark(name: string, secret: string): string {
    if (secret.length < LEAST_LENGTH) throw new Error(`${name} is too short to be looked for`);
    this.secrets.add(secret);
    // Of a token the part that proves it: the rest says who and what, and stands elsewhere too.
    for (const text of [secret, ...secret.split('.').slice(-1).filter(part => part.length >= LEAST_LENGTH)]) for (const written of writings(text)) this.names.set(written, name);
    return secret;
  }

  /** What is found in a text, or in bytes. */
  inText(place: string, content: string | Buffer): Hit[] {
    const found = [...this.names].filter(([written]) => content.includes(written)).map(([, name]) => name);
    return [...new Set(found)].map(canary => ({ canary, place }));
  }

  /** What is found in all files below a folder, whatever is in them; `except`: names of files that hold secrets by their purpose. */
  async inFiles(folder: string, except: readonly string[] = []): Promise<Hit[]> {
    const found = await grep([...this.names.keys()], folder, except);
    const hits = found.map(line => {
      const at = line.indexOf('\0');
      return { canary: this.names.get(line.slice(at + 1)) ?? 'a part of one', place: relative(folder, line.slice(0, at)) };
    });
    return [...new Map(hits.map(hit => [JSON.stringify(hit), hit])).values()];
  }

  /** What is found in any document of any collection, as its bytes are. */
  async inDatabase(database: Database): Promise<Hit[]> {
    const collections = await database.connection.db?.listCollections().toArray() ?? [];
    const hits = await Promise.all(collections.map(async ({ name }) => {
      const documents = await database.collection(name).find({}, { raw: true }).toArray() as unknown as Buffer[];
      return documents.flatMap(document => this.inText(`collection ${name}`, document));
    }));
    return hits.flat();
  }

  /** Looks at the command line of every process of this machine, again and again until `stopWatching`. */
  watchArguments(): void {
    this.lookAtArguments();
    this.watching = setInterval(() => { this.lookAtArguments(); }, 400);
  }
  lookAtArguments(): void {
    for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
      try { this.commandLines.add(readFileSync(`/proc/${pid}/cmdline`, 'latin1')); } catch { /* it has ended */ }
    }
  }
  stopWatching(): void { clearInterval(this.watching); }
  get processesSeen(): number { return this.commandLines.size; }
  inArguments(): Hit[] { return [...this.commandLines].flatMap(line => this.inText('process arguments', line)); }
}

/** `file NUL text` for each find of any of these texts. They go to grep by its standard input: an argument would be a find itself. */
function grep(texts: readonly string[], folder: string, except: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const args = ['-r', '-a', '-o', '-F', '-Z', '-s', ...except.map(name => `--exclude=${name}`), '-f', '-', folder];
    const child = execFile('grep', args, { env: { LC_ALL: 'C', PATH: process.env['PATH'] ?? '/usr/bin:/bin' }, maxBuffer: 64 * 1024 ** 2, encoding: 'latin1' }, (error, out) => {
      // 1: nothing found. 2: a file that went away meanwhile; what was found stands in the output all the same.
      if (error && error.code !== 1 && error.code !== 2) reject(new Error(`grep ended with ${String(error.code)}`));
      else resolve(out.split('\n').filter(line => line !== ''));
    });
    child.stdin?.end(texts.join('\n'));
  });
}
