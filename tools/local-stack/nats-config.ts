import { BusUser } from '@strowger/contracts/bus-users';

/** Where a nats-server listens, where it keeps its streams, and who may use it. Sizes are bytes. */
export interface NatsConfig {
  readonly name: string;
  /** Address and port of the clients' side; the local stack listens on 127.0.0.1 only. */
  readonly host: string;
  readonly port: number;
  /** Address and port of the monitor, which has no password: 127.0.0.1 unless a container of its own shields it. */
  readonly monitorHost: string;
  readonly monitorPort: number;
  readonly storeDirectory: string;
  readonly maxMemoryStore: number;
  readonly maxFileStore: number;
  readonly users: readonly BusUser[];
  /** Passwords of at least 20 letters, digits, `-` or `_`. */
  readonly passwordOf: (user: string) => string;
}

const MAX_PAYLOAD = 1_048_576;
const SAFE = /^[^"\\\p{Cc}]*$/u;
/** @throws Error - the text could end its string and say something else */
function quoted(text: string): string {
  if (!SAFE.test(text)) throw new Error(`${JSON.stringify(text)} cannot stand in a nats-server configuration`);
  return `"${text}"`;
}
function password(user: string, text: string): string {
  if (!/^[A-Za-z0-9_-]{20,}$/.test(text)) throw new Error(`the password of ${user} must be at least 20 letters, digits, - or _`);
  return quoted(text);
}
const list = (subjects: readonly string[], indent: string): string => subjects.map(subject => `\n${indent}${quoted(subject)}`).join('');

function userBlock(user: BusUser, passwordOf: NatsConfig['passwordOf']): string {
  return `      {
        user: ${quoted(user.name)}, password: ${password(user.name, passwordOf(user.name))}
        permissions: {
          publish: {
            allow: [${list(user.publish, '              ')}
            ]
            deny: [${list(user.denyPublish, '              ')}
            ]
          }
          subscribe: {
            allow: [${list(user.subscribe, '              ')}
            ]
          }
        }
      }`;
}

/**
 * The configuration of a nats-server for the bus: one account, one user a service with only its subjects (what is not
 * listed is refused), every acknowledged message synced to disk, JetStream limited, no port but the two named.
 * @throws Error - a name, path or password holds what the format cannot carry
 */
export function natsConfig(config: NatsConfig): string {
  return `server_name: ${quoted(config.name)}
listen: ${quoted(`${config.host}:${String(config.port)}`)}
http: ${quoted(`${config.monitorHost}:${String(config.monitorPort)}`)}
max_payload: ${String(MAX_PAYLOAD)}

# With the default sync_interval a power cut loses what was acknowledged in the last two minutes.
jetstream {
  store_dir: ${quoted(config.storeDirectory)}
  max_memory_store: ${String(config.maxMemoryStore)}
  max_file_store: ${String(config.maxFileStore)}
  sync_interval: always
}

accounts {
  STROWGER_BUS {
    jetstream: enabled
    users: [
${config.users.map(user => userBlock(user, config.passwordOf)).join('\n')}
    ]
  }
}
`;
}
