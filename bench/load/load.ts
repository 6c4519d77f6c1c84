import { ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { LoadOrder, LoadReply, Requests, Slice, SliceResult } from './load-protocol';

/** The load generator, a process of its own. One slice at a time. */
export class Load {
  private readonly child: ChildProcess;
  /** How many requests of what is good for one each can still be sent. */
  private readonly supplied = new Map<string, number>();

  constructor() {
    const root = join(__dirname, '..', '..');
    this.child = fork(join(root, 'test/run-typescript.cjs'), [join(__dirname, 'load-generator.ts')], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  async define(name: string, requests: Requests): Promise<void> { await this.order({ define: name, requests }); }

  /** Sees to it that so many requests of this name can be sent, each with an ending of its own. */
  async supply(name: string, many: number, make: (many: number) => Promise<readonly string[]>): Promise<void> {
    const missing = many - (this.supplied.get(name) ?? 0);
    if (missing <= 0) return;
    await this.order({ supply: name, endings: await make(missing) });
    this.supplied.set(name, many);
  }

  /** @throws Error - the name was not defined, or the generator is gone */
  async run(name: string, slice: Slice): Promise<SliceResult> {
    const [result] = await this.runTogether([{ name, slice }]);
    if (!result) throw new Error('the load generator gave no result');
    const left = this.supplied.get(name);
    if (left !== undefined) this.supplied.set(name, left - Object.values(result.statuses).reduce((sum, sent) => sum + sent, 0));
    return result;
  }

  /** Several slices at once. @throws Error - as `run` */
  async runTogether(run: readonly { readonly name: string; readonly slice: Slice }[]): Promise<readonly SliceResult[]> {
    const reply = await this.order({ run });
    if ('results' in reply) return reply.results;
    throw new Error('failed' in reply ? reply.failed : 'the load generator answered something else');
  }

  stop(): void { this.child.disconnect(); }

  private order(order: LoadOrder): Promise<LoadReply> {
    return new Promise((resolve, reject) => {
      const gone = (): void => { reject(new Error('the load generator ended')); };
      this.child.once('exit', gone).once('message', message => { this.child.off('exit', gone); resolve(message as LoadReply); });
      this.child.send(order);
    });
  }
}
