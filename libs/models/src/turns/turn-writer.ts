import { encodeBatch } from '@strowger/contracts/cloud-event';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { AccessTokenDocument } from '../access-tokens/access-tokens.schema';
import { Database } from '../database';
import { GrantDocument } from '../grants/grants.schema';
import { OUTBOX } from '../outbox/outbox.schema';
import { OwedMessage, owedMessages, Owing } from '../outbox/owed-messages';
import { Sender } from '../outbox/sender';
import { refusalsOf } from '../refusals';
import { LONGEST_WAIT_MS, TooMuchWaiting, TurnLimits, Turns } from './turns';

/** Thrown where a write may or may not have happened: answered with 503, and the event follows if it did. */
export class NotDurable extends Error { override readonly name = 'NotDurable'; }

/** What is inserted beside its events: the hot path's two collections, and nothing else. */
export type TurnInsert =
  | { readonly collection: 'access_tokens'; readonly document: AccessTokenDocument }
  | { readonly collection: 'grants'; readonly document: GrantDocument };
interface Waiting { readonly insert?: TurnInsert; readonly owing: readonly Owing[]; readonly resolve: () => void; readonly reject: (error: unknown) => void; readonly since: number }
type Outcome = 'durable' | 'failed' | 'unknown';

const DEADLINE_MS = 5000, UNANSWERED_MS = 3500, READ_AGAIN_PAUSE_MS = 100, DUPLICATE_KEY = 11000;

/**
 * Writes of one event-loop turn together: its documents in one insertMany a collection, and in parallel one outbox
 * document a message. A caller is answered when both its document and its message are durable, and never before. What is
 * known to be durable is published at once; what is not known stays in the outbox for the relay.
 */
export class TurnWriter {
  private readonly turns: Turns<Waiting>;

  constructor(private readonly database: Database, private readonly sender: Sender, private readonly service: string, limits?: TurnLimits) {
    this.turns = new Turns(turn => this.write(turn), limits);
  }

  /** @throws NotDurable - the outcome is unknown or the insert failed; TooMuchWaiting - nothing was written */
  async insert(insert: TurnInsert, owing: readonly Owing[]): Promise<void> { return this.add(insert, owing); }

  /** Records an event that changes no document. @throws as insert */
  async record(event: StrowgerEvent): Promise<void> { return this.add(undefined, [{ event }]); }

  /** Resolves when nothing is under way any more. */
  async drain(): Promise<void> { await this.turns.idle(); }

  private add(insert: TurnInsert | undefined, owing: readonly Owing[]): Promise<void> {
    return new Promise((resolve, reject) => { this.turns.add({ ...(insert && { insert }), owing, resolve, reject, since: Date.now() }); });
  }

  private async write(waiting: readonly Waiting[]): Promise<void> {
    const now = Date.now(), turn: Waiting[] = [];
    for (const one of waiting) {
      if (now - one.since < LONGEST_WAIT_MS) turn.push(one);
      else one.reject(new TooMuchWaiting('waited too long for the turns before'));
    }
    if (turn.length === 0) return;
    const deadline = Math.min(...turn.map(one => one.since)) + DEADLINE_MS;
    const at = new Date();
    const messages = [
      ...owedMessages(this.service, at, false, turn.flatMap(one => one.insert ? one.owing : [])),
      ...owedMessages(this.service, at, true, turn.flatMap(one => one.insert ? [] : one.owing)),
    ];
    const inserting = new Map<string, Waiting[]>();
    for (const one of turn) if (one.insert) inserting.set(one.insert.collection, [...inserting.get(one.insert.collection) ?? [], one]);
    const outcomes = new Map<Waiting | OwedMessage, Outcome>();
    await Promise.all([
      ...[...inserting].map(async ([collection, list]) => {
        (await this.insertAll(collection, list.flatMap(one => one.insert ? [one.insert.document] : []), deadline)).forEach((outcome, i) => { const one = list[i]; if (one) outcomes.set(one, outcome); });
      }),
      this.insertAll(OUTBOX, messages.map(message => message.document), deadline).then(all => { all.forEach((outcome, i) => { const one = messages[i]; if (one) outcomes.set(one, outcome); }); }),
    ]);
    this.settle(turn, messages, outcomes);
  }

  private settle(turn: readonly Waiting[], messages: readonly OwedMessage[], outcomes: ReadonlyMap<Waiting | OwedMessage, Outcome>): void {
    const documentOf = new Map<string, Outcome>();
    for (const one of turn) for (const { event } of one.owing) documentOf.set(event.id, one.insert ? outcomes.get(one) ?? 'unknown' : 'durable');
    const messageOf = new Map<string, Outcome>();
    for (const message of messages) {
      const outcome = outcomes.get(message) ?? 'unknown';
      for (const event of message.events) messageOf.set(event.id, outcome);
      if (message.document.sure && outcome !== 'durable') continue;          // nobody was told of it: not an event
      const durable = message.events.filter(event => documentOf.get(event.id) === 'durable');
      if (message.events.some(event => documentOf.get(event.id) === 'unknown')) continue;      // the relay will see
      if (durable.length === message.events.length) this.sender.send(message);
      else if (durable.length > 0) this.sender.send(message, encodeBatch(durable));
      else this.sender.done(message.document);
    }
    for (const one of turn) {
      const whole = (!one.insert || outcomes.get(one) === 'durable') && one.owing.every(({ event }) => messageOf.get(event.id) === 'durable');
      if (whole) one.resolve(); else one.reject(new NotDurable('the write is not known to be durable'));
    }
  }

  private async insertAll(collection: string, documents: readonly { _id: Buffer | string }[], deadline: number): Promise<Outcome[]> {
    if (documents.length === 0) return [];
    try {
      const written = this.database.collection<{ _id: Buffer | string }>(collection).insertMany([...documents], { ordered: false });
      await answeredWithin(written, UNANSWERED_MS);
      return documents.map(() => 'durable');
    } catch (error) {
      const refusals = refusalsOf(error, documents.length);
      if (refusals) {
        // A duplicate of a random id is our own insert, repeated.
        const refused = new Set(refusals.filter(one => one.code !== DUPLICATE_KEY).map(one => one.index));
        return documents.map((_, i) => refused.has(i) ? 'failed' : 'durable');
      }
      return this.readAgain(collection, documents, deadline);
    }
  }

  /** The answer never came: what is there is durable, of the rest nobody knows (a write may still be on its way). */
  private async readAgain(collection: string, documents: readonly { _id: Buffer | string }[], deadline: number): Promise<Outcome[]> {
    while (Date.now() < deadline) {
      try {
        const reading = this.database.collection<{ _id: Buffer | string }>(collection)
          .find({ _id: { $in: documents.map(document => document._id) } }, { projection: { _id: 1 } }).toArray();
        const present = new Set((await answeredWithin(reading, deadline - Date.now())).map(({ _id }) => keyOf(_id)));
        return documents.map(({ _id }) => present.has(keyOf(_id)) ? 'durable' : 'unknown');
      } catch {
        await new Promise(resolve => setTimeout(resolve, READ_AGAIN_PAUSE_MS));      // not there yet: until the deadline
      }
    }
    return documents.map(() => 'unknown');
  }
}

const keyOf = (id: Buffer | string): string => typeof id === 'string' ? id : id.toString('base64url');

async function answeredWithin<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  work.catch(() => undefined);
  try {
    return await Promise.race([work, new Promise<never>((_, reject) => { timer = setTimeout(() => { reject(new Error('no answer')); }, Math.max(ms, 1)); })]);
  } finally {
    clearTimeout(timer);
  }
}
