import { AccessTokenDocument } from '@strowger/models/access-tokens/access-tokens.schema';
import { LiveTokensReader } from '@strowger/models/access-tokens/live-tokens.reader';
import { ApiError } from '@strowger/auth/api-error';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { StoredTokens } from '../introspection/stored-tokens';
import { ReachedAccounts } from './reached-accounts';
import { ListPosition, TokensQuery } from './tokens.query';

/** A request looks at no more than this, so that it costs as much in a big tenant as in a small one; what it did not reach is behind its cursor. */
const MOST_TOKENS = 1000, MOST_ACCOUNTS = 200;

/** A part of a list; `next`: where the rest begins, absent at the end. It may hold fewer than asked for, or none, and the list still go on. */
export interface TokenPage { readonly items: readonly AccessTokenDocument[]; readonly next?: ListPosition }
interface Looked { readonly tokens: readonly AccessTokenDocument[]; readonly end: ListPosition; readonly accountEnds: boolean }

/** Lists the tokens that are live now, as introspection would judge them: account by account, those that end last first. */
export class ListTokens {
  constructor(private readonly reader: LiveTokensReader, private readonly stored: StoredTokens, private readonly reached: ReachedAccounts, private readonly now: () => Date) {}

  /** @throws ApiError invalid_request - the cursor is of another list */
  async run(caller: AccessTokenClaims, query: TokensQuery): Promise<TokenPage> {
    const items: AccessTokenDocument[] = [];
    let tokens = 0, accounts = 0;
    for await (const looked of this.look(caller, query)) {
      const live = await Promise.all(looked.tokens.map(token => this.isWanted(token, caller, query)));
      for (const [index, token] of looked.tokens.entries()) {
        if (live[index]) items.push(token);
        if (items.length === query.limit) return { items, next: after(token) };
      }
      tokens += looked.tokens.length;
      accounts += looked.accountEnds ? 1 : 0;
      if (tokens >= MOST_TOKENS || accounts >= MOST_ACCOUNTS) return { items, next: looked.end };
    }
    return { items };
  }

  private async isWanted(token: AccessTokenDocument, { tenant_id }: AccessTokenClaims, { client_id }: TokensQuery): Promise<boolean> {
    if (token.tenant_id !== tenant_id || (client_id !== undefined && token.client_id !== client_id)) return false;
    return await this.stored.judge(token, { fresh: true }) !== undefined;
  }

  private async *look(caller: AccessTokenClaims, { cursor, account_id, limit }: TokensQuery): AsyncGenerator<Looked> {
    if (cursor) {
      if ((account_id !== undefined && account_id !== cursor.account) || !(await this.reached.reaches(caller, cursor.account))) {
        throw new ApiError(400, 'invalid_request', 'cursor: the next_cursor of an earlier answer to the same question');
      }
      if (cursor.token) yield* this.ofAccount(cursor.account, limit, cursor);
    }
    if (account_id === undefined) for await (const { id } of this.reached.after(caller, cursor?.account)) yield* this.ofAccount(id, limit);
    else if (!cursor && await this.reached.reaches(caller, account_id)) yield* this.ofAccount(account_id, limit);
  }

  private async *ofAccount(account: string, limit: number, from?: ListPosition): AsyncGenerator<Looked> {
    const atOnce = Math.max(limit, 50);
    for (let token = from?.token; ;) {
      const tokens = await this.reader.ofAccount(account, this.now(), atOnce, token), last = tokens.at(-1);
      const accountEnds = tokens.length < atOnce;
      yield { tokens, end: accountEnds || !last ? { account } : after(last), accountEnds };
      if (accountEnds || !last) return;
      token = { exp: last.exp, id: last._id };
    }
  }
}

const after = ({ sub, exp, _id }: AccessTokenDocument): ListPosition => ({ account: sub, token: { exp, id: _id } });
