import { Schema } from 'mongoose';
import { Database, IndexSpec } from '../database';

export const SIGN_IN_ADDRESSES = 'sign_in_addresses';
/** An address from which an account signed in; `_id` is `<account id> <address>`. Not a change: no version, no event. */
export interface SignInAddressDocument { _id: string; tenant_id: string; account_id: string; address: string; last_at: Date }
export const signInAddressSchema = new Schema<SignInAddressDocument>({ _id: String, tenant_id: String, account_id: String, address: String, last_at: Date }, { versionKey: false });

const DAY_SECONDS = 24 * 3600, KNOWN_FOR_MS = 30 * DAY_SECONDS * 1000;
/** Nothing depends on when one goes that is not known any more. */
export const signInAddressIndexes: readonly IndexSpec[] = [{ key: { last_at: 1 }, options: { expireAfterSeconds: 31 * DAY_SECONDS } }];

/** Where accounts signed in from: a stranger's guesses elsewhere must not lock a person out of these places. */
export class SignInAddresses {
  constructor(private readonly database: Database) {}

  /** Whether the account signed in from this address within 30 days. */
  async isKnown(accountId: string, address: string, now: Date): Promise<boolean> {
    const found = await this.collection().findOne({ _id: `${accountId} ${address}` });
    return found !== null && now.getTime() - found.last_at.getTime() < KNOWN_FOR_MS;
  }

  async note(account: { readonly id: string; readonly tenant_id: string }, address: string, at: Date): Promise<void> {
    await this.collection().updateOne(
      { _id: `${account.id} ${address}` },
      { $max: { last_at: at }, $setOnInsert: { tenant_id: account.tenant_id, account_id: account.id, address } },
      { upsert: true },
    );
  }

  private collection() { return this.database.collection<SignInAddressDocument>(SIGN_IN_ADDRESSES); }
}
