import { ScopeAnnouncer } from '@strowger/auth/scope-announcer';
import { Bus } from '@strowger/messaging/bus';
import { messagingConfig } from '@strowger/messaging/messaging.config';
import { MessagingLog } from '@strowger/messaging/messaging-log';
import { pbxScopes } from './pbx-scopes';

/** Whose scopes they are: the demo speaks for it until it exists. */
const SERVICE = 'pbx-api-service';

/** The bus, and the passwords of its users. */
export interface DemoBus {
  readonly natsUrl: string;
  readonly busPassword: (user: string) => string;
  readonly log: (line: string) => void;
}

/** Announces the demo PBX's scopes now and each minute, for as long as the stack runs. Returns at once. */
export function runScopeAnnouncer({ natsUrl, busPassword, log }: DemoBus): { readonly stop: () => Promise<void> } {
  const said = new Set<string>();
  const tell = (_fields: object, message: string): void => {
    if (said.has(message)) return;
    said.add(message);
    log(`scopes of the demo PBX: ${message}`);
  };
  const quiet: MessagingLog = { info: () => undefined, warn: tell, error: tell };
  const bus = new Bus(messagingConfig({ NATS_URL: natsUrl, NATS_USER: SERVICE, NATS_PASSWORD: busPassword(SERVICE) }), quiet);
  const announcer = new ScopeAnnouncer(bus, SERVICE, pbxScopes, quiet);
  announcer.start();
  return { stop: async () => { announcer.stop(); await bus.close(); } };
}
