import { AckPolicy, ConsumerConfig, DeliverPolicy, DiscardPolicy, JetStreamApiCodes, JetStreamApiError, JetStreamManager, jetstreamManager, RetentionPolicy, StorageType, StreamConfig } from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { AUDIT_CONSUMER, inboxOf, STREAM } from '@strowger/contracts/bus-users';

const TIMEOUT_MS = 5000;
const KEPT_DAYS = 30;
const ACK_WAIT_SECONDS = 30;
const MAX_UNACKED_MESSAGES = 256;

/** Where the stream is made and as whom; `replicas` is 3 in a cluster and 1 on one host (the default). */
export interface ProvisioningOptions {
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  readonly replicas?: 1 | 3;
}

/**
 * The stream of all events. Nobody may delete or purge, not even a user with all rights; a full stream refuses what
 * is new and keeps what it has.
 */
const streamConfig = (replicas: 1 | 3) => ({
  name: STREAM,
  subjects: ['strowger.events.>', 'strowger.feed.>'],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  max_age: nanos(KEPT_DAYS * 86_400_000),
  deny_delete: true,
  deny_purge: true,
  allow_msg_ttl: true,
  num_replicas: replicas,
}) satisfies Partial<StreamConfig>;

/** The durable consumer that all instances of audit-service share; its filters leave out the mark of the feed. */
const auditConfig = {
  durable_name: AUDIT_CONSUMER,
  filter_subjects: ['strowger.events.>', 'strowger.feed.*.*.*'],
  deliver_policy: DeliverPolicy.All,
  ack_policy: AckPolicy.Explicit,
  max_deliver: -1,
  ack_wait: nanos(ACK_WAIT_SECONDS * 1000),
  max_ack_pending: MAX_UNACKED_MESSAGES,
} satisfies Partial<ConsumerConfig>;

/**
 * Creates the stream STROWGER and its durable consumer `audit`, or brings them to what stands here. Idempotent: it
 * runs at every start of a deployment, as the bus user `provisioner`. Services never create either; they wait for them.
 * @throws an error of the NATS client - the bus cannot be reached within 5 s, refuses the user, or refuses the change
 */
export async function provisionStream({ url, user, password, replicas = 1 }: ProvisioningOptions): Promise<void> {
  const connection = await connect({
    servers: url, name: 'provisioner', timeout: TIMEOUT_MS, reconnect: false, inboxPrefix: inboxOf(user ?? 'provisioner'),
    ...(user !== undefined && { user }), ...(password !== undefined && { pass: password }),
  });
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: TIMEOUT_MS });
    await provideStream(manager, replicas);
    await provideAudit(manager);
  } finally {
    await connection.close();
  }
}

async function provideStream(manager: JetStreamManager, replicas: 1 | 3): Promise<void> {
  const config = streamConfig(replicas);
  if (await exists(manager.streams.info(STREAM), JetStreamApiCodes.StreamNotFound)) await manager.streams.update(STREAM, config);
  else await manager.streams.add(config);
}

async function provideAudit(manager: JetStreamManager): Promise<void> {
  if (await exists(manager.consumers.info(STREAM, AUDIT_CONSUMER), JetStreamApiCodes.ConsumerNotFound)) {
    await manager.consumers.update(STREAM, AUDIT_CONSUMER, auditConfig);
  } else {
    await manager.consumers.add(STREAM, auditConfig);
  }
}

async function exists(info: Promise<unknown>, absent: JetStreamApiCodes): Promise<boolean> {
  try {
    await info;
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === absent) return false;
    throw error;
  }
}
