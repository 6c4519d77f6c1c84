import { busUsers } from '@strowger/contracts/bus-users';
import { natsConfig } from '../local-stack/nats-config';
import { addedServices, nameFor, Values } from './deployment-values';

const MAX_MEMORY_STORE = 64 * 1024 ** 2, MAX_FILE_STORE = 4 * 1024 ** 3;

/**
 * The configuration of the nats-server of a deployment by compose, from the same list of users as everywhere. It listens in its
 * own container's network; its monitor answers the container's own health check only.
 * @throws Error - a password is missing or could not stand in the configuration
 */
export const busConfiguration = (values: Values): string => natsConfig({
  name: 'strowger', host: '0.0.0.0', port: 4222, monitorHost: '127.0.0.1', monitorPort: 8222, storeDirectory: '/data/jetstream',
  maxMemoryStore: MAX_MEMORY_STORE, maxFileStore: MAX_FILE_STORE, users: busUsers(addedServices(values)), passwordOf: user => values.get(nameFor('NATS_PASSWORD', user)) ?? '',
});
