import { ServiceName, serviceNames, subjectOf, typesOf } from './event-catalogue';

/** The one stream; every subject under `strowger.events` and `strowger.feed` is stored in it. */
export const STREAM = 'STROWGER';
/** The durable consumer that all instances of audit-service share. */
export const AUDIT_CONSUMER = 'audit';
/** Subjects of the request/reply half of the bus. */
export const rpc = {
  announceScopes: (service: string): string => `strowger.rpc.scope.announce.${service}`,
  announceScopesOfAny: 'strowger.rpc.scope.announce.*',
  askFeed: 'strowger.rpc.feed.ask',
  rotateKeys: 'strowger.rpc.keys.rotate',
} as const;
/** The mark by which a guard knows that its feed is current. */
export const FEED_MARK = 'strowger.feed.lowering.mark';
/** Where a service receives its replies; nobody else may listen there. */
export const inboxOf = (user: string): string => `_INBOX_${user}`;

/** A user of the bus and all it may do; what is not listed is refused. A subscription may name its queue: `subject queue`. */
export interface BusUser {
  readonly name: string;
  readonly publish: readonly string[];
  readonly denyPublish: readonly string[];
  readonly subscribe: readonly string[];
}

const api = (rest: string): string => `$JS.API.${rest}`;
const createConsumer = (filter: string): string => api(`CONSUMER.CREATE.${STREAM}.*.${filter}`);
const denyAuditsCreation = api(`CONSUMER.CREATE.${STREAM}.${AUDIT_CONSUMER}.>`);

/** What every service may do: follow the feed with a consumer of its own, ask for a mark, announce its scopes. */
const guard = (self: string, feed = 'strowger.feed.lowering.>') => ({
  publish: [
    rpc.askFeed, rpc.announceScopes(self), api(`STREAM.INFO.${STREAM}`), createConsumer(feed),
    api(`CONSUMER.INFO.${STREAM}.*`), api(`CONSUMER.MSG.NEXT.${STREAM}.*`),
  ],
  denyPublish: [api(`CONSUMER.*.${STREAM}.${AUDIT_CONSUMER}`), denyAuditsCreation, api(`CONSUMER.MSG.NEXT.${STREAM}.${AUDIT_CONSUMER}`)],
  subscribe: [`${inboxOf(self)}.>`],
});
const publishes = (service: ServiceName): string[] => typesOf(service).map(subjectOf);

const PROVISIONER = 'provisioner';
/** Every character of it stands for itself in a subject, a file name, a variable's name and a client_id. */
const NAME = /^[a-z][a-z0-9-]{0,63}$/;

/**
 * Checks the names of services outside the deployment's own, which get a bus user and a credential for introspection each.
 * @throws RangeError - one is no name, or is one of the deployment's own, or stands there twice
 */
export function assertServicesToAdd(names: readonly string[]): void {
  const taken = new Set<string>([...serviceNames, PROVISIONER]);
  for (const name of names) {
    if (!NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} is no name of a service: small letters, digits and hyphens, the first a letter, 64 at most`);
    if (taken.has(name)) throw new RangeError(`there is a service ${name} already`);
    taken.add(name);
  }
}

/**
 * The bus permissions, from which the local stack and every deployment generate the server's configuration. `added`: services outside
 * the deployment's own, which may do what every guard may. No user has `allow_responses`: with it an asker would choose where the answerer writes.
 * @throws RangeError - as `assertServicesToAdd`
 */
export function busUsers(added: readonly string[] = []): readonly BusUser[] {
  assertServicesToAdd(added);
  const plain = (name: string): BusUser => ({ name, ...guard(name) });
  const token = guard('token-service', 'strowger.feed.>');
  const registry = guard('app-registry-service');
  const scope = guard('scope-service');
  const audit = guard('audit-service');
  return [
    {
      ...token, name: 'token-service',
      publish: [...token.publish, ...publishes('token-service'), FEED_MARK, `${inboxOf('app-registry-service')}.>`],
      subscribe: [...token.subscribe, `${rpc.askFeed} token-service`, `${rpc.rotateKeys} token-service`],
    },
    { ...registry, name: 'app-registry-service', publish: [...registry.publish, ...publishes('app-registry-service'), rpc.rotateKeys] },
    {
      ...scope, name: 'scope-service',
      publish: [...scope.publish, ...publishes('scope-service'), ...[...serviceNames, ...added].filter(name => name !== 'scope-service').map(name => `${inboxOf(name)}.>`)],
      subscribe: [...scope.subscribe, `${rpc.announceScopesOfAny} scope-service`],
    },
    { ...audit, name: 'audit-service', publish: [...audit.publish, `$JS.ACK.${STREAM}.${AUDIT_CONSUMER}.>`], denyPublish: [denyAuditsCreation] },
    plain('pbx-api-service'),
    plain('portal-service'),
    ...added.map(plain),
    {
      name: PROVISIONER, denyPublish: [], subscribe: [`${inboxOf(PROVISIONER)}.>`],
      publish: [
        ...['STREAM.INFO', 'STREAM.CREATE', 'STREAM.UPDATE'].map(call => api(`${call}.${STREAM}`)),
        ...['CONSUMER.INFO', 'CONSUMER.DURABLE.CREATE'].map(call => api(`${call}.${STREAM}.${AUDIT_CONSUMER}`)),
      ],
    },
  ];
}
