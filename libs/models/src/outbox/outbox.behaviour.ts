import { decodeBatch, encodeBatch, Envelope } from '@strowger/contracts/cloud-event';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { Outbox, OutboxEntry } from '@strowger/contracts/outbox';
import { eventIdOf, makeEvent } from './make-event';

/** An outbox as its tests see it. `stands`: the event's own document is made; `pass`: so many seconds go by for the outbox. */
export interface OutboxScene {
  readonly outbox: Outbox;
  readonly add: (entry: OutboxEntry) => Promise<void>;
  readonly stands: (event: StrowgerEvent) => Promise<void>;
  readonly pass: (seconds: number) => Promise<void>;
}
let ids = 0;
const id16 = (): string => Buffer.from((++ids).toString().padStart(16, '0')).toString('base64url');
const source = { service: 'token-service', instance: 'a' } as const;

/** Of a token or a grant that does not stand yet. */
export function eventOf(type: 'token.issued' | 'grant.created'): StrowgerEvent {
  const id = id16(), base = { tenant_id: 't', version: 1, application_id: 'a', account_id: 'u', scope: 'rest' };
  if (type === 'grant.created') return makeEvent(source, type, eventIdOf('grants', id, 1, type), id, new Date(), { ...base, grant_id: id });
  return makeEvent(source, type, id, id, new Date(), { ...base, token_id: id, client_id: 'c', client_name: 'n', username: 'x', grant_type: 'client_credentials', token_format: 'jwt', expires_at: new Date().toISOString() });
}
export const entryOf = (at: number, events: readonly StrowgerEvent[] = [eventOf('token.issued')], fields: Partial<OutboxEntry> = {}): OutboxEntry =>
  ({ id: id16(), subject: 'strowger.events.token.issued', batch: encodeBatch(events), sure: false, at: new Date(at), ...fields });
const idsOf = (entries: readonly OutboxEntry[]): string[] => entries.map(entry => entry.id);

/** What every adapter of `Outbox` keeps to; `make` gives an empty one. */
export function outboxBehaviour(make: () => Promise<OutboxScene>): void {
  it('shows what is owed, oldest first, page by page, and nothing once it is deleted', async () => {
    const { outbox, add } = await make();
    const entries = [3000, 1000, 2000, 2000, 2000].map(at => entryOf(at));
    for (const entry of entries) await add(entry);
    const expected = entries.toSorted((a, b) => a.at.getTime() - b.at.getTime() || (a.id < b.id ? -1 : 1));
    expect(idsOf(await outbox.owed(10))).toEqual(idsOf(expected));
    const pages: string[][] = [];
    for (let after: OutboxEntry | undefined, page: OutboxEntry[]; (page = await outbox.owed(2, after)).length > 0; after = page.at(-1)) pages.push(idsOf(page));
    expect(pages).toEqual([[0, 1], [2, 3], [4]].map(part => part.flatMap(i => expected[i]?.id ?? [])));
    await outbox.delete(idsOf(expected.slice(0, 2)));
    await outbox.delete([]);
    expect(idsOf(await outbox.owed(10))).toEqual(idsOf(expected.slice(2)));
  });
  it('gives an entry back as it was made', async () => {
    const { outbox, add } = await make();
    const entry = entryOf(1000, [eventOf('grant.created')], { sure: true, until: new Date(5000) });
    await add(entry);
    const [found] = await outbox.owed(1);
    expect(found && { ...found, batch: Buffer.from(found.batch) }).toEqual({ ...entry, batch: Buffer.from(entry.batch) });
  });
  it('knows which events have their document', async () => {
    const { outbox, stands } = await make();
    const events = [eventOf('token.issued'), eventOf('grant.created'), eventOf('token.issued'), eventOf('grant.created')];
    for (const event of events.slice(0, 2)) await stands(event);
    expect(await outbox.existing(events)).toEqual(new Set(events.slice(0, 2).map(event => event.id)));
    expect(await outbox.existing([])).toEqual(new Set());
  });
  it('leaves an absent event in its entry, out of the way for a growing while', async () => {
    const { outbox, add, pass } = await make();
    const [here, absent] = [eventOf('token.issued'), eventOf('token.issued')], entry = entryOf(1000, [here, absent]);
    await add(entry);
    for (const seconds of [1, 2]) {
      await outbox.keepAbsent(entry, [absent]);
      expect(await outbox.owed(10)).toEqual([]);
      await pass(seconds);
      const [found] = await outbox.owed(10);
      expect(decodeBatch(found?.batch ?? new Uint8Array()).map(event => Envelope.parse(event).id)).toEqual([absent.id]);
    }
  });
  it('does not bring back an entry that another relay has finished', async () => {
    const { outbox, add, pass } = await make();
    const event = eventOf('token.issued'), entry = entryOf(1000, [event]);
    await add(entry);
    await outbox.delete([entry.id]);
    await outbox.keepAbsent(entry, [event]);
    await pass(1);
    expect(await outbox.owed(10)).toEqual([]);
  });
}
