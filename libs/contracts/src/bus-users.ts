import { ServiceName, serviceNames, subjectOf, typesOf } from './event-catalogue';

/** The one stream; every subject under `strowger.events` and `strowger.feed` is stored in it. */
export const STREAM = 'STROWGER';
/** The durable consumer that all instances of audit-service share. */
export const AUDIT_CONSUMER = 'audit';
/** Subjects of the request/reply half of the bus. */
export const rpc = {
  announceScopes: (service: ServiceName): string => `strowger.rpc.scope.announce.${service}`,
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
  readonly name: ServiceName | 'provisioner';
  readonly publish: readonly string[];
  readonly denyPublish: readonly string[];
  readonly subscribe: readonly string[];
}

const api = (rest: string): string => `$JS.API.${rest}`;
const createConsumer = (filter: string): string => api(`CONSUMER.CREATE.${STREAM}.*.${filter}`);
const denyAuditsCreation = api(`CONSUMER.CREATE.${STREAM}.${AUDIT_CONSUMER}.>`);

/** What every service may do: follow the feed with a consumer of its own, ask for a mark, announce its scopes. */
const guard = (self: ServiceName, feed = 'strowger.feed.lowering.>') => ({
  publish: [
    rpc.askFeed, rpc.announceScopes(self), api(`STREAM.INFO.${STREAM}`), createConsumer(feed),
    api(`CONSUMER.INFO.${STREAM}.*`), api(`CONSUMER.MSG.NEXT.${STREAM}.*`),
  ],
  denyPublish: [api(`CONSUMER.*.${STREAM}.${AUDIT_CONSUMER}`), denyAuditsCreation, api(`CONSUMER.MSG.NEXT.${STREAM}.${AUDIT_CONSUMER}`)],
  subscribe: [`${inboxOf(self)}.>`],
});
const publishes = (service: ServiceName): string[] => typesOf(service).map(subjectOf);

/**
 * The bus permissions, from which the local stack and every deployment generate the server's configuration.
 * No user has `allow_responses`: with it an asker would choose where the answerer writes.
 */
export function busUsers(): readonly BusUser[] {
  const plain = (name: ServiceName): BusUser => ({ name, ...guard(name) });
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
      publish: [...scope.publish, ...publishes('scope-service'), ...serviceNames.filter(name => name !== 'scope-service').map(name => `${inboxOf(name)}.>`)],
      subscribe: [...scope.subscribe, `${rpc.announceScopesOfAny} scope-service`],
    },
    { ...audit, name: 'audit-service', publish: [...audit.publish, `$JS.ACK.${STREAM}.${AUDIT_CONSUMER}.>`], denyPublish: [denyAuditsCreation] },
    plain('pbx-api-service'),
    plain('portal-service'),
    {
      name: 'provisioner', denyPublish: [], subscribe: [`${inboxOf('provisioner')}.>`],
      publish: [
        ...['STREAM.INFO', 'STREAM.CREATE', 'STREAM.UPDATE'].map(call => api(`${call}.${STREAM}`)),
        ...['CONSUMER.INFO', 'CONSUMER.DURABLE.CREATE'].map(call => api(`${call}.${STREAM}.${AUDIT_CONSUMER}`)),
      ],
    },
  ];
}
