import { Connection } from './connection';
import { LoadOrder, LoadReply, Requests, Slice, SliceResult } from './load-protocol';

/** Milliseconds after the end of a slice in which its last answers may come. */
const LAST_ANSWERS_MS = 6000;

/** What is sent one after another; of refresh tokens the one that was got longest ago goes next. */
class Source {
  private readonly texts: readonly string[];
  private readonly tokens: string[];
  private readonly endings: string[] = [];
  private next = 0;

  constructor(private readonly requests: Requests) {
    const { head, bodies } = requests;
    this.texts = bodies ? bodies.map(body => `${head}Content-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`) : [`${head}\r\n`];
    this.tokens = [...requests.refresh?.tokens ?? []];
  }

  /** The next request, and what is to be done with its answer where that matters. */
  take(): { readonly text: string; readonly token?: string } {
    const { head, refresh, once } = this.requests;
    if (once) {
      const ending = this.endings.pop();
      if (ending === undefined) throw new Error('what is good for one request is used up');
      const body = once.form + ending;
      return { text: `${head}Content-Length: ${String(body.length)}\r\n\r\n${body}` };
    }
    if (!refresh) return { text: this.texts[this.next++ % this.texts.length] ?? '' };
    const token = this.tokens.shift();
    if (token === undefined) throw new Error('there are no refresh tokens left');
    const body = refresh.form + token;
    return { text: `${head}Content-Length: ${String(body.length)}\r\n\r\n${body}`, token };
  }

  supply(endings: readonly string[]): void { this.endings.push(...endings); }

  /** A refused token may be tried again; a good answer has its successor. */
  answered(token: string | undefined, status: number, body: Buffer): void {
    if (token === undefined) return;
    this.tokens.push(status === 200 ? /"refresh_token":"([^"]+)"/.exec(body.toString('latin1'))?.[1] ?? token : token);
  }
}

/** Its connections are its own: several targets may be asked at once. */
interface Target { readonly source: Source; readonly port: number; readonly connections: Connection[] }
const targets = new Map<string, Target>();

function connectionsTo({ port, connections }: Target, count: number): Connection[] {
  while (connections.length < count) connections.push(new Connection(port));
  return connections.slice(0, count);
}

/** Runs a slice and waits for its last answer. */
function run(target: Target, { milliseconds, connections: count, rate }: Slice): Promise<SliceResult> {
  const statuses: Record<string, number> = {}, times: number[] = [], idle = connectionsTo(target, count), { source } = target;
  const begin = performance.now(), end = begin + milliseconds;
  let withRetryAfter = 0, underWay = 0, sent = 0, goodInTime = 0;
  return new Promise(resolve => {
    const send = (connection: Connection, due: number): void => {
      const { text, token } = source.take();
      underWay++;
      connection.send(text, ({ status, retryAfter, body }) => {
        const now = performance.now();
        underWay--;
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status === 200) times.push(now - due);
        if (status === 200 && now < end) goodInTime++;
        if (retryAfter && (status === 429 || status === 503)) withRetryAfter++;
        source.answered(token, status, body);
        if (now < end) { if (rate === undefined) send(connection, now); else { idle.push(connection); dispatch(); } }
        else if (underWay === 0) finish();
      });
    };
    const dispatch = (): void => {
      if (rate === undefined) return;
      for (let now = performance.now(); now < end && idle.length > 0 && begin + sent * 1000 / rate <= now;) {
        const connection = idle.shift();
        if (connection) send(connection, begin + sent++ * 1000 / rate);
      }
    };
    let finished = false;
    const finish = (): void => {
      if (finished) return;
      finished = true;
      clearInterval(ticking);
      times.sort((a, b) => a - b);
      const quantile = (q: number): number => times[Math.min(times.length - 1, Math.floor(times.length * q))] ?? NaN;
      resolve({ statuses, withRetryAfter, goodInTime, p50: quantile(0.5), p99: quantile(0.99), seconds: (performance.now() - begin) / 1000 });
    };
    const ticking = setInterval(() => {
      dispatch();
      const now = performance.now();
      if (now >= end && (underWay === 0 || now > end + LAST_ANSWERS_MS)) finish();
    }, 1);
    if (rate === undefined) for (const connection of idle) send(connection, begin);
  });
}

async function obey(order: LoadOrder): Promise<LoadReply> {
  if ('define' in order) {
    targets.set(order.define, { source: new Source(order.requests), port: order.requests.port, connections: [] });
    return { done: order.define };
  }
  if ('supply' in order) {
    targets.get(order.supply)?.source.supply(order.endings);
    return { done: order.supply };
  }
  return { results: await Promise.all(order.run.map(({ name, slice }) => {
    const target = targets.get(name);
    if (!target) throw new Error(`${name} was not defined`);
    return run(target, slice);
  })) };
}

let last: Promise<unknown> = Promise.resolve();
process.on('message', message => {
  const order = message as LoadOrder;
  last = last.then(() => obey(order)).catch((error: unknown): LoadReply => ({ failed: String(error) })).then(reply => process.send?.(reply));
}).on('disconnect', () => { process.exit(0); });
