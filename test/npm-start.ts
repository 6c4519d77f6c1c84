import { ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { demoFile, demoNames, readAssignments } from '../tools/demo/demo-values';
import { eventually } from './system';

const root = resolve(__dirname, '..');
const FRESH_SECONDS = 180;

/** `npm start` as somebody would type it, on a port and a data folder of the test's own. */
export interface NpmStart {
  readonly url: string;
  readonly dataDir: string;
  /** The demo's values, as the shell would have them. */
  readonly demo: (name: (typeof demoNames)[number]) => string;
  /** Seconds from the start to the demo's file. */
  readonly readyAfter: number;
  /** All that it printed. */
  readonly screen: () => string;
  /** npm, the stack, and every process below them, whatever its group. */
  readonly processes: () => number[];
  /** Signals npm and the stack, as a terminal does at Ctrl-C. */
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly hasEnded: () => boolean;
  /** Stops it and waits until every process is gone. */
  readonly end: () => Promise<void>;
}

/** Starts it and resolves when the demo's file appears, or once `until` is on the screen. @throws Error - it ended, or is not ready in time; with what it printed */
export async function npmStart(dataDir: string, port: number, until?: string): Promise<NpmStart> {
  const startedAt = performance.now(), printed: string[] = [];
  const child = spawn('npm', ['start', '--', '--port', String(port), '--data', dataDir], { cwd: root, env: environment(), stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => printed.push(data.toString()));
  const file = demoFile(dataDir), screen = (): string => printed.join(''), stop = (): void => { signalGroup(child, 'SIGTERM'); };
  let readyAfter = 0;
  try {
    await eventually('the demo\'s file', () => {
      if (hasEnded(child)) throw new Error('npm start ended');
      readyAfter = (performance.now() - startedAt) / 1000;
      return Promise.resolve(until === undefined ? existsSync(file) && screen().includes('ready after') : screen().includes(until));
    }, FRESH_SECONDS);
  } catch (cause) {
    stop();
    throw new Error(`npm start is not ready:\n${screen()}`, { cause });
  }
  const values = readAssignments(file), processes = (): number[] => withDescendants(child.pid ?? 0);
  return {
    url: `http://localhost:${String(port)}`, dataDir, readyAfter, screen,
    demo: name => values?.get(name) ?? '', processes,
    signal: signal => { signalGroup(child, signal); }, hasEnded: () => hasEnded(child),
    end: async () => {
      const all = processes();
      stop();
      await eventually('every process to be gone', () => Promise.resolve(!all.some(runs)), 60);
    },
  };
}

/** Whether a process still runs; a zombie does not. */
export const runs = (pid: number): boolean => (statOf(pid)?.state ?? 'Z') !== 'Z';

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid !== undefined && !hasEnded(child)) process.kill(-child.pid, signal);
}

/** The test's own environment, without what npm and jest put there. */
const environment = (): NodeJS.ProcessEnv => Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|JEST_|NODE_ENV$)/.test(name)));

function statOf(pid: number): { readonly parent: number; readonly state: string } | undefined {
  try {
    const [, state = 'Z', parent = '0'] = /\) (\S) (\d+)/.exec(readFileSync(join('/proc', String(pid), 'stat'), 'utf8')) ?? [];
    return { state, parent: Number(parent) };
  } catch { return undefined; }
}

function withDescendants(top: number): number[] {
  const all = readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(Number).map(pid => ({ pid, parent: statOf(pid)?.parent }));
  const found = [top];
  for (const pid of found) found.push(...all.filter(({ parent }) => parent === pid).map(one => one.pid));
  return found;
}
