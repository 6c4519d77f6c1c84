import { mkdirSync, rmSync, unwatchFile, watchFile } from 'node:fs';
import { join } from 'node:path';
import { writeSecretFile } from '../compose/environment-file';
import { makeSecrets, Secrets, secretsFile } from './secrets';
import { Stack } from './service-environment';

const LOOK_EVERY_MS = 500;

/** Where the environment of a service outside the deployment's own lies, in a data folder. */
export const serviceEnvironmentFile = (dataDir: string, name: string): string => join(dataDir, 'services', `${name}.env`);

/** What a service that protects itself needs in its environment, a line `NAME='value'` each. */
export const guardEnvironmentText = (values: { readonly name: string; readonly secret: string; readonly busPassword: string; readonly natsUrl: string; readonly frontUrl: string }): string => [
  `TOKEN_SERVICE_URL='${values.frontUrl}'`, `STROWGER_ISSUER='${values.frontUrl}'`, `STROWGER_SERVICE_ID='${values.name}'`, `STROWGER_SERVICE_SECRET='${values.secret}'`,
  `NATS_URL='${values.natsUrl}'`, `NATS_USER='${values.name}'`, `NATS_PASSWORD='${values.busPassword}'`, '',
].join('\n');

export interface AddedServicesOptions {
  readonly dataDir: string;
  /** Under which everybody reaches the front door; also the issuer. */
  readonly frontUrl: string;
  readonly stack: Stack;
  readonly reloadUsers: () => void;
  readonly restartTokenService: (secrets: Secrets) => Promise<void>;
  readonly log: (line: string) => void;
}

/** Lets services in that are added while the stack runs, and turns out those that are removed: the bus reads its users anew, token-service starts again and knows them. */
export class AddedServices {
  private known: Secrets;
  private working = Promise.resolve();

  constructor(private readonly options: AddedServicesOptions) { this.known = options.stack.secrets; }

  /** Writes the environment of those there are, and looks for others from now on. */
  start(): void {
    this.tell(this.options.stack.secrets);
    watchFile(secretsFile(this.options.dataDir), { interval: LOOK_EVERY_MS }, () => {
      this.working = this.working.then(() => this.look()).catch((error: unknown) => { this.options.log(`the services that were added could not be brought up to date: ${error instanceof Error ? error.message : String(error)}`); });
    });
  }

  stop(): void { unwatchFile(secretsFile(this.options.dataDir)); }

  private async look(): Promise<void> {
    const before = this.known, secrets = makeSecrets(this.options.dataDir);
    // By the secrets, not the names: one that was removed and added again has others.
    if (secrets.serviceHashes === before.serviceHashes) return;
    this.known = secrets;
    this.options.reloadUsers();
    await this.options.restartTokenService(secrets);
    const fresh = secrets.added.filter(name => !before.added.includes(name)), gone = before.added.filter(name => !secrets.added.includes(name));
    for (const name of gone) rmSync(serviceEnvironmentFile(this.options.dataDir, name), { force: true });
    this.tell(secrets);
    if (fresh.length > 0) this.options.log(`let in: ${fresh.join(', ')}`);
    if (gone.length > 0) this.options.log(`turned out: ${gone.join(', ')}`);
  }

  /** The last thing that is done for a service, as taking it away is: who waits for its file finds everything there. */
  private tell({ added, serviceSecret }: Secrets): void {
    const { dataDir, frontUrl, stack: { servers } } = this.options;
    if (added.length > 0) mkdirSync(join(dataDir, 'services'), { recursive: true, mode: 0o700 });
    for (const name of added) {
      writeSecretFile(serviceEnvironmentFile(dataDir, name), guardEnvironmentText({ name, secret: serviceSecret(name), busPassword: servers.busPassword(name), natsUrl: servers.natsUrl, frontUrl }));
    }
  }
}
