import { AuditPostingsStore } from '../audit-postings/audit-postings.store';
import { AuditPostingsWriter } from '../audit-postings/audit-postings.writer';
import { Database } from '../database';
import { refusalsOf } from '../refusals';
import { AUDIT_EVENTS, AuditEventDocument } from './audit-events.schema';

/** So few that the database has them well within an operation's time even when it is busy: what took too long would be told again, and cost more. */
const AT_ONCE = 500;
const DUPLICATE_KEY = 11000;
/** Server codes that speak of the document and of nothing else: BadValue, FailedToParse, Overflow, InvalidBSON, field names, too large, key too long. */
const REFUSED_FOR_ITSELF: ReadonlySet<unknown> = new Set([2, 9, 15, 22, 52, 57, 10334, 17280, 17419, 17420]);

/** An event that is not in the trail after all, and why: the database cannot hold it, or another event stands under its id. */
export interface RefusedEvent { readonly event: AuditEventDocument; readonly reason: 'not_storable' | 'id_taken' }
/** What came of recording: how many events are new, how many stood there already, and which were refused. */
export interface Recorded { readonly inserted: number; readonly known: number; readonly refused: readonly RefusedEvent[] }
/** How one attempt went: the events whose id was taken already, and those that cannot be stored. */
interface Attempt { readonly taken: readonly AuditEventDocument[]; readonly unstorable: readonly AuditEventDocument[] }

/** Records events in the trail; only audit-service does. */
export class AuditEventsWriter {
  constructor(private readonly database: Database, private readonly postings = new AuditPostingsWriter(new AuditPostingsStore(database))) {}

  /**
   * Records events, in any order and as often as they are told; resolves when all that is not refused is durable. Their postings come first.
   * @throws a database error - not all of them are known to be recorded; record them again
   */
  async record(events: readonly AuditEventDocument[]): Promise<Recorded> {
    if (events.length > 0) await this.postings.add(events);
    let known = 0;
    const refused: RefusedEvent[] = [];
    for (let start = 0; start < events.length; start += AT_ONCE) {
      const { taken, unstorable } = await this.insert(events.slice(start, start + AT_ONCE));
      const foreign = await this.foreign(taken);
      known += taken.length - foreign.length;
      refused.push(...unstorable.map(event => ({ event, reason: 'not_storable' as const })), ...foreign.map(event => ({ event, reason: 'id_taken' as const })));
    }
    return { inserted: events.length - known - refused.length, known, refused };
  }

  private async insert(events: readonly AuditEventDocument[]): Promise<Attempt> {
    try {
      await this.events().insertMany([...events], { ordered: false });
      return { taken: [], unstorable: [] };
    } catch (error) {
      const attempt = attemptOf(error, events);
      if (!attempt) throw error;
      return attempt;
    }
  }

  /** Of events whose id is taken: those that another type of event took it from. The same event told twice is no news. */
  private async foreign(taken: readonly AuditEventDocument[]): Promise<AuditEventDocument[]> {
    if (taken.length === 0) return [];
    const standing = await this.events().find({ _id: { $in: taken.map(event => event._id) } }, { projection: { type: 1 } }).toArray();
    const types = new Map(standing.map(event => [event._id, event.type]));
    return taken.filter(event => types.has(event._id) && types.get(event._id) !== event.type);
  }

  private events() { return this.database.collection<AuditEventDocument>(AUDIT_EVENTS); }
}

/** What an error says of each event; undefined where it does not say for certain what became of every one of them. */
function attemptOf(error: unknown, events: readonly AuditEventDocument[]): Attempt | undefined {
  const failed = refusalsOf(error, events.length);
  if (!failed || failed.some(({ code }) => code !== DUPLICATE_KEY && !REFUSED_FOR_ITSELF.has(code))) return undefined;
  const those = (duplicate: boolean) => failed.filter(({ code }) => (code === DUPLICATE_KEY) === duplicate).flatMap(({ index }) => events[index] ?? []);
  return { taken: those(true), unstorable: those(false) };
}
