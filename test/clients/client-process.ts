import { ChildProcess, fork } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const PATIENCE_MS = 90_000;
/** What an application of these tests says: where a person should go, where it listens, what came of it. */
interface Said { readonly open?: string; readonly port?: number; readonly result?: Record<string, unknown> }

/** A program of `applications/`, in a process of its own. */
export class ClientProcess {
  private readonly child: ChildProcess;
  private errors = '';

  /** `settings` are sent to it and stand in no argument list. */
  constructor(private readonly name: string, settings: object) {
    this.child = fork(join(__dirname, 'applications', `${name}.mjs`), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => { this.errors += text; });
    this.child.send(settings);
  }

  /** Lets it work to its result. `person` goes to an address as somebody in a browser would, and says where that ended. @throws Error - it ended without one, or takes too long */
  async result(person: (address: string) => Promise<string> = () => Promise.reject(new Error('nobody was to be asked'))): Promise<Record<string, unknown>> {
    for (;;) {
      const { open, result } = await this.next();
      if (result) return result;
      if (open !== undefined) this.child.send({ ended: await person(open) });
    }
  }

  /** Where it listens, once it does. @throws Error - as `result` */
  async url(): Promise<string> {
    const { port } = await this.next();
    if (port === undefined) throw new Error(`${this.name} listens nowhere`);
    return `http://127.0.0.1:${String(port)}`;
  }

  /** Resolves when it is gone. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise(resolve => { this.child.once('exit', resolve); });
    this.child.kill('SIGKILL');
    await gone;
  }

  private next(): Promise<Said> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => { reject(new Error(`${this.name} says nothing:\n${this.errors}`)); }, PATIENCE_MS);
      const gone = (code: number | null): void => { clearTimeout(late); reject(new Error(`${this.name} ended with ${String(code)}:\n${this.errors}`)); };
      this.child.once('close', gone).once('message', message => {
        clearTimeout(late);
        this.child.off('close', gone);
        resolve(message as Said);
      });
    });
  }
}

/** The Chromium of this machine. @throws Error - it has none: a test in a real browser does not pass without one */
export function chromiumOrFail(): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      try { accessSync(join(folder, name), constants.X_OK); return join(folder, name); } catch { /* not here */ }
    }
  }
  throw new Error('there is no Chromium on PATH, and the tests of a browser-based application need one: apt-get install chromium');
}
