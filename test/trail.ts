import { decodeBatch } from '@strowger/contracts/cloud-event';
import { Database } from '@strowger/models/database';
import { TokenLedger } from './token-ledger';

/**
 * What came of it. `lost`: answered and not in the trail, or not stored. `toldAgain`: answered, and in the trail only because the
 * reconciler missed it there. `doubled`: two events of one token or grant, or two refresh tokens of one generation. `phantom`: an
 * event without its token or grant.
 */
export interface Verdict { readonly answered: number; readonly lost: number; readonly toldAgain: number; readonly doubled: number; readonly phantom: number }

interface StoredEvent { readonly _id: string; readonly type: string; readonly source: string; readonly data?: { readonly token_id?: string; readonly grant_id?: string } }
interface Told { readonly id: string; readonly byReconciler: boolean }
const RECONCILER = '/token-service/reconciler';
const told = (events: readonly StoredEvent[], type: string, id: 'token_id' | 'grant_id'): Told[] =>
  events.filter(event => event.type === type).map(({ data, source }) => ({ id: data?.[id] ?? '', byReconciler: source === RECONCILER }));
interface Consumer { readonly name: string; readonly num_pending: number; readonly num_ack_pending: number }

/** The trail as a test sees it, with the documents that it speaks of. */
export class Trail {
  constructor(private readonly database: Database, private readonly natsMonitorUrl: string) {}

  /** Compares the ledger with the trail, once the trail stands still. `tenantId`: the ledger's, where others issue too. */
  async judge(ledger: TokenLedger, tenantId?: string): Promise<Verdict> {
    const tenant = tenantId === undefined ? {} : { tenant_id: tenantId };
    const events = await this.database.collection<StoredEvent & { tenant_id?: string }>('audit_events')
      .find({ ...tenant, type: { $in: ['token.issued', 'grant.created'] } }, { projection: { type: 1, source: 1, 'data.token_id': 1, 'data.grant_id': 1 } }).toArray();
    const stored = await this.database.collection<{ _id: Buffer; tenant_id?: string }>('access_tokens').find(tenant, { projection: { _id: 1 } }).toArray();
    const grants = await this.database.collection<{ _id: string; generation: number; tenant_id?: string }>('grants').find(tenant, { projection: { generation: 1 } }).toArray();
    const tokens = compare(ledger.answered, told(events, 'token.issued', 'token_id'), new Set(stored.map(token => token._id.toString('base64url'))));
    const began = compare(new Set(ledger.refreshTokens.keys()), told(events, 'grant.created', 'grant_id'), new Set(grants.map(grant => grant._id)));
    const generations = new Map(grants.map(grant => [grant._id, grant.generation]));
    const answered = [...ledger.refreshTokens].map(([grantId, texts]) => ({ texts: [...texts.values()], latest: Math.max(...texts.keys()), stands: generations.get(grantId) }));
    return {
      answered: ledger.answered.size,
      lost: tokens.lost + began.lost + answered.filter(({ latest, stands }) => stands !== undefined && stands < latest).length,
      toldAgain: tokens.toldAgain + began.toldAgain,
      doubled: tokens.doubled + began.doubled + answered.flatMap(({ texts }) => texts).filter(ofOneGeneration => ofOneGeneration.size > 1).length,
      phantom: tokens.phantom + began.phantom,
    };
  }

  /** The trail's consumer has taken and settled every message of the stream (a message whose reader died is delivered again after 30 s). */
  async isRead(): Promise<boolean> {
    const { account_details = [] } = await (await fetch(`${this.natsMonitorUrl}/jsz?streams=1&consumers=1&accounts=1`)).json() as { account_details?: { stream_detail: { consumer_detail: Consumer[] }[] }[] };
    const audit = account_details.flatMap(account => account.stream_detail).flatMap(stream => stream.consumer_detail).find(consumer => consumer.name === 'audit');
    return audit?.num_pending === 0 && audit.num_ack_pending === 0;
  }

  /** What the outbox still holds waits for documents that never came, and all that was published is read. */
  async isAtRest(): Promise<boolean> {
    const outbox = this.database.collection<{ absent?: number; batch: Buffer }>('outbox');
    if (await outbox.countDocuments({ absent: { $exists: false } }) > 0) return false;
    const owed = await outbox.find({}).toArray();
    const tokens = owed.flatMap(entry => decodeBatch(entry.batch)).map(event => Buffer.from((event as { id: string }).id, 'base64url'));
    return await this.database.collection<{ _id: Buffer }>('access_tokens').countDocuments({ _id: { $in: tokens } }) === 0 && await this.isRead();
  }

  /** Whether all of these tokens are in the trail. */
  async shows(tokenIds: readonly string[]): Promise<boolean> {
    return await this.database.collection<{ _id: string }>('audit_events').countDocuments({ _id: { $in: [...tokenIds] } }) === tokenIds.length;
  }
}

function compare(answered: ReadonlySet<string>, events: readonly Told[], stored: ReadonlySet<string>) {
  const recorded = new Set(events.map(({ id }) => id));
  return {
    lost: [...answered].filter(id => !recorded.has(id) || !stored.has(id)).length,
    toldAgain: events.filter(({ id, byReconciler }) => byReconciler && answered.has(id)).length,
    doubled: events.length - recorded.size,
    phantom: [...recorded].filter(id => !stored.has(id)).length,
  };
}
