import { busUsers } from '@strowger/contracts/bus-users';
import { Source } from '../source';
import { NatsProgram } from './nats-program';

/** The NATS server that `NATS_URL` names, with the passwords of `NATS_PASSWORDS`: always taken where it is set. */
export const configuredNats = (url: string | undefined, passwords: ReadonlyMap<string, string>): Source<NatsProgram> => ({
  name: 'NATS_URL',
  find: async () => {
    if (url === undefined) return Promise.resolve({ missing: 'not set' });
    const lacking = busUsers().map(({ name }) => name).filter(name => !passwords.has(name));
    if (lacking.length > 0) throw new Error(`NATS_URL is set, but NATS_PASSWORDS (user:password,…) lacks ${lacking.join(', ')}`);
    return { value: { kind: 'external', url }, reason: 'it is set' };
  },
});
