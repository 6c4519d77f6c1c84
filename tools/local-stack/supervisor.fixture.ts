import { join } from 'node:path';
import { takeLock } from './process-lock';
import { Supervisor } from './supervisor';

// node supervisor.fixture.js FOLDER: runs one program of each kind, prints their process ids, and waits to be killed.
const [folder = ''] = process.argv.slice(2);
const sleeper = (name: string, whenParentIsGone: 'self' | 'TERM', args: readonly string[]) => ({
  name, command: args[0] ?? '', args: args.slice(1), env: { PATH: '/usr/bin:/bin' }, logFile: join(folder, `${name}.log`), whenParentIsGone,
  stopSignal: 'SIGTERM' as const, stopSeconds: 5, ready: () => Promise.resolve(), readySeconds: 60,
});
async function main(): Promise<void> {
  takeLock(join(folder, 'lock'));
  const supervisor = new Supervisor({ log: () => undefined });
  const watched = await supervisor.run(sleeper('watched', 'TERM', ['sleep', '600']));
  const own = await supervisor.run(sleeper('own', 'self', [process.execPath, '-e', 'process.stdin.on("end", () => process.exit()).resume()']));
  process.stdout.write(`${JSON.stringify([watched.pid(), own.pid()])}\n`);
  setInterval(() => undefined, 60_000);
}
void main();
