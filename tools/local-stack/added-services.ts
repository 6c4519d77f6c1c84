import { mkdirSync, unwatchFile, watchFile } from 'node:fs';
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

/** Lets services in that are added while the stack runs: the bus reads its users anew, token-service starts again and knows them. */
export class AddedServices {
  private known: readonly string[];
  private working = Promise.resolve();

  constructor(private readonly options: AddedServicesOptions) { this.known = options.stack.secrets.added; }

  /** Writes the environment of those there are, and looks for new ones from now on. */
  start(): void {
    this.tell(this.options.stack.secrets);
    watchFile(secretsFile(this.options.dataDir), { interval: LOOK_EVERY_MS }, () => {
      this.working = this.working.then(() => this.look()).catch((error: unknown) => { this.options.log(`a service could not be added: ${error instanceof Error ? error.message : String(error)}`); });
    });
  }

  stop(): void { unwatchFile(secretsFile(this.options.dataDir)); }

  private async look(): Promise<void> {
    const secrets = makeSecrets(this.options.dataDir), fresh = secrets.added.filter(name => !this.known.includes(name));
    if (fresh.length === 0) return;
    this.known = secrets.added;
    this.options.reloadUsers();
    await this.options.restartTokenService(secrets);
    this.tell(secrets);
    this.options.log(`let in: ${fresh.join(', ')}`);
  }

  /** The last thing that is done for a service: who waits for its file finds everything there. */
  private tell({ added, serviceSecret }: Secrets): void {
    const { dataDir, frontUrl, stack: { servers } } = this.options;
    if (added.length > 0) mkdirSync(join(dataDir, 'services'), { recursive: true, mode: 0o700 });
    for (const name of added) {
      writeSecretFile(serviceEnvironmentFile(dataDir, name), guardEnvironmentText({ name, secret: serviceSecret(name), busPassword: servers.busPassword(name), natsUrl: servers.natsUrl, frontUrl }));
    }
  }
}
