import { ApplicationsReader } from '@strowger/models/applications/applications.reader';
import { ApplicationsWriter } from '@strowger/models/applications/applications.writer';
import { settleApplication } from '../applications/application.events';
import { freshSecret, withNewSecret } from '../applications/application-secrets';
import { BadArguments } from './arguments';
import { CredentialsOutput, shownOnce } from './credentials-output';
import { Operator } from './init-tenant';

/** Gives an application a new secret, for who lost it; the old ones end at once. */
export class RotateSecret {
  constructor(private readonly applications: ApplicationsReader, private readonly writer: ApplicationsWriter, private readonly operator: Operator) {}

  /**
   * @returns what to tell the operator
   * @throws BadArguments - no such application
   * @throws OAuthError invalid_request - a public client
   */
  async run(clientId: string, output: CredentialsOutput): Promise<string> {
    const [application] = await this.applications.byClientIds([clientId]);
    if (!application || application.status === 'deleted') throw new BadArguments('--client-id: there is no such application');
    const time = this.operator.now();
    const fresh = freshSecret(time);
    await shownOnce(output, { CLIENT_ID: clientId, CLIENT_SECRET: fresh.text }, async () => {
      await this.writer.change(application.id, before => {
        const { after, events } = settleApplication(before, withNewSecret(before, fresh, 0, time), { source: this.operator.source, time });
        return { after, events, result: undefined };
      });
    });
    return `${application.name} has a new secret; the old ones ended, and this one is not shown again`;
  }
}
