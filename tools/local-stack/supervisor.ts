import { ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';

/** A program to run, how one knows that it is ready, and how it is stopped. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its output; that of the run before is kept beside it as `<name>.previous.log`. */
  readonly logFile: string;
  /** `self`: it stops when its standard input closes. A signal: a watchdog sends that signal when the parent is gone, however it went. */
  readonly whenParentIsGone: 'self' | 'TERM' | 'INT';
  readonly stopSignal: NodeJS.Signals;
  readonly stopSeconds: number;
  /** Resolves when the program is ready; a rejection means "not yet". */
  readonly ready: () => Promise<unknown>;
  readonly readySeconds: number;
}

/** Something that runs, or is down for the moment. What is not ours (a server somebody else runs) has no process id and refuses to be killed. */
export interface Supervised {
  readonly name: string;
  pid(): number | undefined;
  /** @throws Error - it does not run */
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
  /** Starts it again on the same port with the same data, and resolves when it is ready. */
  start(): Promise<void>;
}

/** With `restart`, what dies is started again, at most five times a minute; then `gaveUp` is called. */
export interface SupervisorOptions {
  readonly log: (line: string) => void;
  readonly restart?: { readonly gaveUp: (reason: Error) => void };
}

const MAX_RESTARTS = 5, RESTART_WINDOW_MS = 60_000, TAIL_LINES = 15;
// Standard input is a pipe from here: it ends when this process ends, however it does. The program keeps the shell's process id.
const WATCHDOG = 'exec 3<&0; (cat <&3 >/dev/null; kill -s "$0" -- -$$) & exec "$@" 3<&- </dev/null';
const pause = (milliseconds: number): Promise<void> => new Promise(resolve => { setTimeout(resolve, milliseconds); });

/** The end of a log, for an error message. */
function tailOf(logFile: string): string {
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES) : [];
  return lines.map(line => `    ${line.slice(0, 500)}`).join('\n');
}

class SupervisedProgram implements Supervised {
  readonly name: string;
  private child: ChildProcess | undefined;
  private wanted = false;
  private restarts: number[] = [];

  constructor(private readonly program: Program, private readonly options: SupervisorOptions) { this.name = program.name; }

  private isWanted(): boolean { return this.wanted; }
  pid(): number | undefined { return this.child?.pid; }

  kill(signal: NodeJS.Signals): void {
    if (!this.child) throw new Error(`${this.name} does not run`);
    this.child.kill(signal);
  }

  async start(): Promise<void> {
    if (this.child) throw new Error(`${this.name} runs already`);
    this.wanted = true;
    try { await this.run(); } catch (error) { this.wanted = false; throw error; }
  }

  async stop(): Promise<void> {
    this.wanted = false;
    const { child } = this;
    if (!child) return;
    const ended = new Promise<void>(resolve => { child.once('exit', () => { resolve(); }); });
    child.kill(this.program.stopSignal);
    const timer = setTimeout(() => {
      this.options.log(`${this.name} did not stop within ${String(this.program.stopSeconds)} s and is killed`);
      child.kill('SIGKILL');
    }, this.program.stopSeconds * 1000);
    await ended;
    clearTimeout(timer);
  }

  private spawn(): ChildProcess {
    const { command, args, env, logFile, whenParentIsGone } = this.program;
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openSync(logFile, 'a', 0o600);
    const [file, ...rest] = whenParentIsGone === 'self' ? [command, ...args] : ['sh', '-c', WATCHDOG, whenParentIsGone, command, ...args];
    // A group of its own: Ctrl-C reaches only the supervisor, which stops the programs in order.
    const child = spawn(file, rest, { env, stdio: ['pipe', log, log], detached: true });
    closeSync(log);
    child.stdin?.on('error', () => undefined);
    child.once('error', error => { this.options.log(`${this.name} cannot be started: ${error.message}`); });
    const gone = (): void => { child.stdin?.destroy(); if (this.child === child) { this.child = undefined; } };
    child.once('error', gone).once('exit', gone);
    this.child = child;
    return child;
  }

  /** @throws Error - it ended or did not become ready in time; with the end of its log */
  private async run(): Promise<void> {
    const { readySeconds, ready, logFile } = this.program;
    const child = this.spawn(), until = Date.now() + readySeconds * 1000;
    const ended = new Promise<void>(resolve => { child.once('exit', () => { resolve(); }).once('error', () => { resolve(); }); });
    for (let wait = 20; ; wait = Math.min(wait * 1.5, 250)) {
      const isReady = await ready().then(() => true, () => false);
      if (this.child !== child) throw new Error(`${this.name} ended (${describeEnd(child)}) before it was ready; the end of ${logFile}:\n${tailOf(logFile)}`);
      if (isReady) break;
      if (Date.now() <= until) { await pause(wait); continue; }
      child.kill('SIGKILL');
      await ended;
      throw new Error(`${this.name} was not ready within ${String(readySeconds)} s; the end of ${logFile}:\n${tailOf(logFile)}`);
    }
    child.once('exit', () => { void this.died(child); });
    if (child.exitCode !== null || child.signalCode !== null) await this.died(child);
  }

  private async died(child: ChildProcess): Promise<void> {
    const { restart, log } = this.options;
    if (!this.wanted || !restart) return;
    for (let cause = describeEnd(child); this.isWanted();) {
      const now = Date.now();
      this.restarts = [...this.restarts.filter(at => now - at < RESTART_WINDOW_MS), now];
      if (this.restarts.length > MAX_RESTARTS) {
        restart.gaveUp(new Error(`${this.name} died ${String(this.restarts.length)} times within a minute; the end of ${this.program.logFile}:\n${tailOf(this.program.logFile)}`));
        return;
      }
      log(`${this.name} died (${cause}) and is started again`);
      await pause(100 * 2 ** this.restarts.length);
      if (!this.isWanted()) return;
      try { await this.run(); return; } catch (error) { cause = error instanceof Error ? error.message.split('\n', 1)[0] ?? '' : String(error); }
    }
  }
}
const describeEnd = (child: ChildProcess): string => child.signalCode ?? `exit code ${String(child.exitCode)}`;

/** Runs programs, starts again what dies, and stops everything in the opposite order of its start. */
export class Supervisor {
  private readonly programs: SupervisedProgram[] = [];
  private stopping: Promise<void> | undefined;
  constructor(private readonly options: SupervisorOptions) {}

  /** Starts a program and resolves when it is ready. @throws Error - it did not become ready */
  async run(program: Program): Promise<Supervised> {
    if (this.stopping) throw new Error('the stack is being stopped');
    if (existsSync(program.logFile)) renameSync(program.logFile, program.logFile.replace(/\.log$/, '.previous.log'));
    const supervised = new SupervisedProgram(program, this.options);
    this.programs.push(supervised);
    await supervised.start();
    return supervised;
  }

  /** Stops all, the latest first; the second call waits for the first. */
  stopAll(): Promise<void> {
    return this.stopping ??= (async () => { for (const program of this.programs.toReversed()) await program.stop(); })();
  }
}
