import { GrantFacts } from '@strowger/oauth-core/refresh-token';
import { Database } from '../database';
import { TurnReads } from '../turns/turn-reads';
import { GrantDocument, GRANTS } from './grants.schema';

/** Whether a grant is alive. */
export interface GrantState { readonly grant: Pick<GrantFacts, 'status' | 'sign_out_versions'> }

/** Reads whether grants are alive, for every service; what is asked in one event-loop turn is one query. */
export class GrantsReader {
  private readonly reads: TurnReads<GrantState>;

  constructor(database: Database) {
    this.reads = new TurnReads(async ids => {
      const found = await database.collection<GrantDocument>(GRANTS).find({ _id: { $in: [...ids] } }, { projection: { status: 1, sign_out_versions: 1 } }).toArray();
      return new Map(found.map(({ _id, status, sign_out_versions }) => [_id, { grant: { status, sign_out_versions } }]));
    });
  }

  async read(id: string): Promise<GrantState | undefined> { return this.reads.read(id); }
}
