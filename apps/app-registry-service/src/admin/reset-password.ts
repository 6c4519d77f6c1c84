import { generatePassword } from '@strowger/credentials/client-secret';
import { PasswordHasher } from '@strowger/credentials/password-hasher';
import { AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { AccountsWriter } from '@strowger/models/accounts/accounts.writer';
import { settleAll } from '../accounts/change-account';
import { BadArguments } from './arguments';
import { CredentialsOutput, shownOnce } from './credentials-output';
import { Operator } from './init-tenant';

/** Gives an account a new password, for who lost it; everything issued to the account before is dead. */
export class ResetPassword {
  constructor(private readonly accounts: AccountsReader, private readonly writer: AccountsWriter, private readonly hasher: PasswordHasher, private readonly operator: Operator) {}

  /**
   * @returns what to tell the operator
   * @throws BadArguments - no such account
   */
  async run(username: string, output: CredentialsOutput): Promise<string> {
    const [account] = await this.accounts.byUsernames([username]);
    if (!account) throw new BadArguments(`--username: there is no account ${username}`);
    const password = generatePassword();
    const passwordHash = await this.hasher.hash(password);
    const origin = { source: this.operator.source, time: this.operator.now() };
    await shownOnce(output, { ACCOUNT_USERNAME: username, ACCOUNT_PASSWORD: password }, async () => {
      await this.writer.change(account.id, found => settleAll(found, { ...found.account, password_hash: passwordHash }, origin));
    });
    return `${username} has a new password and is signed out everywhere; the password is not shown again${account.status === 'blocked' ? '\nthe account is blocked: an administrator must unblock it' : ''}`;
  }
}
