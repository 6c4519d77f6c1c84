import { DynamicModule, FactoryProvider, InjectionToken, Module, ValueProvider } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Registry } from 'prom-client';
import { RequestLimit } from '@strowger/auth/request-limit';
import { ScopeAnnouncer } from '@strowger/auth/scope-announcer';
import { PasswordHasher } from '@strowger/credentials/password-hasher';
import { Bus } from '@strowger/messaging/bus';
import { EventFeed } from '@strowger/messaging/event-feed';
import { publishMark } from '@strowger/messaging/feed-marks';
import { JetStreamPublisher } from '@strowger/messaging/jetstream-publisher';
import { Relay } from '@strowger/messaging/relay';
import { AccessTokensReader } from '@strowger/models/access-tokens/access-tokens.reader';
import { AccessTokensStore } from '@strowger/models/access-tokens/access-tokens.store';
import { EndedTokensStore } from '@strowger/models/access-tokens/ended-tokens.store';
import { LiveTokensReader } from '@strowger/models/access-tokens/live-tokens.reader';
import { TokenEventsReader } from '@strowger/models/access-tokens/token-events.reader';
import { AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { AuditEventsReader } from '@strowger/models/audit-events/audit-events.reader';
import { AuthorizationTransactions } from '@strowger/models/authorization-transactions/authorization-transactions.store';
import { AuthorizationsStore } from '@strowger/models/authorization-transactions/authorizations.store';
import { ConsentsReader } from '@strowger/models/consents/consents.reader';
import { ConsentsStore } from '@strowger/models/consents/consents.store';
import { Database } from '@strowger/models/database';
import { DeviceAuthorizationsStore } from '@strowger/models/device-authorizations/device-authorizations.store';
import { DeviceDecisions } from '@strowger/models/device-authorizations/device-decisions.store';
import { factReadersOf } from '@strowger/models/fact-reads';
import { EndedGrantsStore } from '@strowger/models/grants/ended-grants.store';
import { GrantEventsReader } from '@strowger/models/grants/grant-events.reader';
import { GrantsStore } from '@strowger/models/grants/grants.store';
import { LiveGrantsReader } from '@strowger/models/grants/live-grants.reader';
import { OwedLowerings } from '@strowger/models/heartbeats/owed-lowerings.store';
import { LoginSessions } from '@strowger/models/login-sessions/login-sessions.store';
import { ChangeRecorder } from '@strowger/models/outbox/change-recorder';
import { EventSource } from '@strowger/models/outbox/make-event';
import { OutboxStore } from '@strowger/models/outbox/outbox.store';
import { OwedEventsReader } from '@strowger/models/outbox/owed-events.reader';
import { OwedReader } from '@strowger/models/outbox/owed.reader';
import { Sender } from '@strowger/models/outbox/sender';
import { RateLimitsStore } from '@strowger/models/rate-limits/rate-limits.store';
import { ReconciliationsStore } from '@strowger/models/reconciliations/reconciliations.store';
import { ScopesReader } from '@strowger/models/scopes/scopes.reader';
import { EndedSecretUsesStore } from '@strowger/models/secret-uses/ended-secret-uses.store';
import { SecretUses } from '@strowger/models/secret-uses/secret-uses.store';
import { SignInAddresses } from '@strowger/models/sign-in-addresses/sign-in-addresses.store';
import { SigningKeysStore } from '@strowger/models/signing-keys/signing-keys.store';
import { TenantsReader } from '@strowger/models/tenants/tenants.reader';
import { TurnWriter } from '@strowger/models/turns/turn-writer';
import { CodeKeys } from '@strowger/oauth-core/authorization-code';
import { authorizationCodeGrant } from '@strowger/oauth-core/grants/authorization-code.grant';
import { clientCredentialsGrant } from '@strowger/oauth-core/grants/client-credentials.grant';
import { deviceCodeGrant } from '@strowger/oauth-core/grants/device-code.grant';
import { passwordGrant } from '@strowger/oauth-core/grants/password.grant';
import { refreshTokenGrant } from '@strowger/oauth-core/grants/refresh-token.grant';
import { ExchangeParts, tokenExchangeGrant } from '@strowger/oauth-core/grants/token-exchange.grant';
import { Facts, Grants } from '@strowger/oauth-core/ports';
import { RefreshKeys } from '@strowger/oauth-core/refresh-token';
import { makeLog, ServiceLog } from '@strowger/service/service-log';
import { StartUp } from '@strowger/service/start-up';
import { AuthorizeController } from './authorize/authorize.controller';
import { BeginAuthorization } from './authorize/begin-authorization';
import { BeginningsLimit } from './authorize/beginnings-limit';
import { codeResponseType } from './authorize/code.response-type';
import { AuthorizeServer } from './authorize/oauth2orize-authorize.server';
import { tokenResponseType } from './authorize/token.response-type';
import { ClientAuth } from './client-auth/client-auth';
import { ClientAuthStrategy } from './client-auth/client-auth.strategy';
import { DecideAuthorization } from './consent/decide-authorization';
import { DecisionController } from './consent/decision.controller';
import { OpenAuthorizations } from './consent/open-authorization';
import { ConnectedApplications } from './consents/connected-applications';
import { ConsentsController } from './consents/consents.controller';
import { BeginDeviceAuthorization } from './device/begin-device-authorization';
import { DecideDevice } from './device/decide-device';
import { DeviceAuthorizationController } from './device/device-authorization.controller';
import { DeviceController } from './device/device.controller';
import { UserCodeGuesses } from './device/user-code-guesses';
import { LimitedNames } from './exchange/limited-names';
import { NOW, TokenExchangeController } from './exchange/token-exchange.controller';
import { CachedFacts } from './facts/cached-facts';
import { MAX_AGE_MS } from './facts/fact-cache';
import { FeedMarks } from './feed/feed-marks';
import { FeedController } from './feed/feed.controller';
import { Impersonations } from './impersonations/impersonations';
import { ImpersonationsController } from './impersonations/impersonations.controller';
import { IntrospectionController } from './introspection/introspection.controller';
import { StoredTokens } from './introspection/stored-tokens';
import { Janitor } from './janitor/janitor';
import { KeyRotationController } from './keys/key-rotation.controller';
import { KeyUpkeep } from './keys/key-upkeep';
import { Metadata } from './keys/metadata';
import { MetadataController } from './keys/metadata.controller';
import { RotateKeys } from './keys/rotate-keys';
import { SigningKeys } from './keys/signing-keys';
import { Brands } from './login/brands';
import { Browsers } from './login/browsers';
import { LogIn } from './login/log-in';
import { LoginController } from './login/login.controller';
import { OAuthErrorFilter } from './oauth-error.filter';
import { LimitedPasswordCheck } from './password/limited-password-check';
import { prepareDatabase } from './prepare-database';
import { Reconciler } from './reconciler/reconciler';
import { ReconcilerMetrics } from './reconciler/reconciler.metrics';
import { RejectionRecorder } from './rejections/rejection-recorder';
import { ResourceController } from './resource/resource.controller';
import { RevocationController } from './revocation/revocation.controller';
import { RevokeToken } from './revocation/revoke-token';
import { managementScopes } from './management-scopes';
import { IssueToken } from './token/issue-token';
import { TokenServer } from './token/oauth2orize-token.server';
import { OutboxAge } from './token/outbox-age';
import { TokenController } from './token/token.controller';
import { TokenIssuer } from './token/token-issuer';
import { ListTokens } from './tokens/list-tokens';
import { ReachedAccounts } from './tokens/reached-accounts';
import { RemoveToken } from './tokens/remove-token';
import { TokensController } from './tokens/tokens.controller';
import { audienceOf, TokenServiceConfig } from './token-service.config';
import { TokenServiceMetrics } from './token-service.metrics';

const SERVICE = 'token-service';
const now = (): Date => new Date();
/** A provider from its parts; Nest hands them over in the order of `inject`. */
const provide = <T>(provided: InjectionToken<T>, inject: InjectionToken[], useFactory: (...parts: never[]) => T): FactoryProvider<T> =>
  ({ provide: provided, inject, useFactory: useFactory as FactoryProvider<T>['useFactory'] });
export const LOG = Symbol('log');
const SOURCE = Symbol('source');

/** The keys that tokens are signed with, and their rotation. */
const signingKeys = (config: TokenServiceConfig): FactoryProvider[] => {
  const settings = { rotationSeconds: config.SIGNING_KEY_ROTATION_SECONDS, publishedSeconds: config.SIGNING_KEY_PUBLISHED_SECONDS, longestTokenSeconds: config.ACCESS_TOKEN_TTL_MAX_SECONDS, now };
  return [
    provide(SigningKeysStore, [Database, ChangeRecorder], (database: Database, changes: ChangeRecorder) => new SigningKeysStore(database, changes)),
    provide(SigningKeys, [SigningKeysStore], (store: SigningKeysStore) => new SigningKeys(store, config.STROWGER_KEYS, settings)),
    provide(RotateKeys, [SigningKeysStore, SigningKeys], (store: SigningKeysStore, keys: SigningKeys) => new RotateKeys(store, keys, config.STROWGER_KEYS, settings)),
    provide(KeyUpkeep, [SigningKeys, RotateKeys, LOG], (keys: SigningKeys, rotation: RotateKeys, serviceLog: ServiceLog) => new KeyUpkeep(keys, rotation, config.SIGNING_KEY_PUBLISHED_SECONDS, serviceLog)),
  ];
};

/** Authorization, login and consent: what people see in a browser. */
const peoplesPages = (config: TokenServiceConfig): FactoryProvider[] => [
  provide(LoginSessions, [Database, ChangeRecorder], (database: Database, changes: ChangeRecorder) => new LoginSessions(database, changes, config.LOGIN_SESSION_SECONDS)),
  provide(AuthorizationTransactions, [Database], (database: Database) => new AuthorizationTransactions(database, config.AUTHORIZATION_TRANSACTION_SECONDS)),
  provide(AuthorizationsStore, [Database, AuthorizationTransactions, ChangeRecorder, RefreshKeys], (database: Database, transactions: AuthorizationTransactions, changes: ChangeRecorder, keys: RefreshKeys) =>
    new AuthorizationsStore(database, transactions, changes, keys.currentId)),
  provide(AuthorizeServer, [AuthorizationsStore, CodeKeys, Grants, TokenIssuer, OutboxAge], (store: AuthorizationsStore, codes: CodeKeys, grants: Grants, issuer: TokenIssuer, age: OutboxAge) =>
    new AuthorizeServer([codeResponseType(store, codes), tokenResponseType(store, grants, issuer, age)])),
  provide(Browsers, [LoginSessions, Facts], (sessions: LoginSessions, facts: Facts) => new Browsers(sessions, facts, config.STROWGER_ISSUER)),
  provide(Brands, [Database], (database: Database) => new Brands(new TenantsReader(database))),
  provide(BeginningsLimit, [Database], (database: Database) => new BeginningsLimit(new RateLimitsStore(database), config.BEGINNINGS_PER_ADDRESS_AND_MINUTE, now)),
  provide(BeginAuthorization, [Facts, AuthorizeServer, AuthorizationTransactions, Database, BeginningsLimit], (facts: Facts, server: AuthorizeServer, transactions: AuthorizationTransactions, database: Database, limit: BeginningsLimit) =>
    new BeginAuthorization(facts, server, transactions, new ConsentsReader(database), limit, config.STROWGER_ISSUER)),
  provide(OpenAuthorizations, [AuthorizationTransactions, Facts], (transactions: AuthorizationTransactions, facts: Facts) => new OpenAuthorizations(transactions, facts)),
  provide(LogIn, [LimitedPasswordCheck, Facts, Browsers, AuthorizationTransactions], (passwords: LimitedPasswordCheck, facts: Facts, browsers: Browsers, transactions: AuthorizationTransactions) => new LogIn(passwords, facts, browsers, transactions)),
  provide(Impersonations, [Database, Facts], (database: Database, facts: Facts) => new Impersonations(new AuditEventsReader(database), facts)),
  provide(ConnectedApplications, [Database, ChangeRecorder, Grants, Facts, Impersonations], (database: Database, changes: ChangeRecorder, grants: Grants, facts: Facts, impersonations: Impersonations) =>
    new ConnectedApplications({ consents: new ConsentsReader(database), grants: new LiveGrantsReader(database), impersonations }, new ConsentsStore(database, changes), grants, facts)),
  provide(DecideAuthorization, [OpenAuthorizations, AuthorizeServer, AuthorizationsStore, Database], (open: OpenAuthorizations, server: AuthorizeServer, store: AuthorizationsStore, database: Database) =>
    new DecideAuthorization(open, server, store, { consents: new ConsentsReader(database), scopes: new ScopesReader(database) }, config.STROWGER_ISSUER)),
];

/** Devices that have no browser, and the people who connect them. */
const devices = (config: TokenServiceConfig): FactoryProvider[] => [
  provide(DeviceAuthorizationsStore, [Database], (database: Database) => new DeviceAuthorizationsStore(database, { lifetimeSeconds: config.DEVICE_CODE_SECONDS, intervalSeconds: config.DEVICE_INTERVAL_SECONDS })),
  provide(BeginDeviceAuthorization, [Facts, DeviceAuthorizationsStore, BeginningsLimit], (facts: Facts, store: DeviceAuthorizationsStore, limit: BeginningsLimit) => new BeginDeviceAuthorization(facts, store, limit, config.STROWGER_ISSUER)),
  provide(DecideDevice, [Facts, Database, ChangeRecorder, RefreshKeys], (facts: Facts, database: Database, changes: ChangeRecorder, keys: RefreshKeys) => new DecideDevice(
    facts, new DeviceDecisions(database, changes, keys.currentId),
    new UserCodeGuesses(new RateLimitsStore(database), { windowSeconds: config.USER_CODE_WINDOW_SECONDS, perAccount: config.WRONG_USER_CODES_PER_ACCOUNT, perAddress: config.WRONG_USER_CODES_PER_ADDRESS }, now),
    { consents: new ConsentsReader(database), scopes: new ScopesReader(database) })),
];

/** Composition root: the only file that binds ports to adapters. */
@Module({})
export class TokenServiceModule {
  static with(config: TokenServiceConfig, registry: Registry): DynamicModule {
    const log = makeLog(SERVICE, config);
    const constants: ValueProvider[] = [
      { provide: LOG, useValue: log }, { provide: NOW, useValue: now }, { provide: Registry, useValue: registry },
      { provide: SOURCE, useValue: { service: SERVICE, instance: config.STROWGER_INSTANCE } satisfies EventSource },
      { provide: RefreshKeys, useValue: new RefreshKeys(config.STROWGER_KEYS) }, { provide: CodeKeys, useValue: new CodeKeys(config.STROWGER_KEYS) },
    ];
    const grants = (facts: CachedFacts, passwords: LimitedPasswordCheck, store: GrantsStore, keys: RefreshKeys, codes: CodeKeys, exchange: Pick<ExchangeParts, 'tokens' | 'names'>, polled: DeviceAuthorizationsStore) => [
      authorizationCodeGrant(facts, store, { codes, refresh: keys }, { lifetimeSeconds: config.AUTHORIZATION_CODE_SECONDS, replaySeconds: config.CODE_REPLAY_SECONDS }),
      clientCredentialsGrant(facts), passwordGrant(facts, passwords, store, keys), refreshTokenGrant(facts, store, keys, config.REFRESH_GRACE_SECONDS),
      deviceCodeGrant(facts, polled, store, keys, config.DEVICE_GRACE_SECONDS), tokenExchangeGrant({ facts, ...exchange, audience: audienceOf(config) }),
    ];
    return {
      module: TokenServiceModule,
      controllers: [AuthorizeController, DecisionController, LoginController, DeviceAuthorizationController, DeviceController, TokenController, IntrospectionController, RevocationController, TokensController, ConsentsController, ImpersonationsController, TokenExchangeController, ResourceController, MetadataController, KeyRotationController, FeedController],
      providers: [
        ...constants,
        provide(Database, [LOG], (serviceLog: ServiceLog) => new Database(config, line => { serviceLog.warn(line); })),
        provide(Bus, [LOG], (serviceLog: ServiceLog) => new Bus(config, serviceLog)),
        provide(JetStreamPublisher, [Bus], (bus: Bus) => new JetStreamPublisher(bus)),
        provide(Sender, [Database, JetStreamPublisher], (database: Database, publisher: JetStreamPublisher) => new Sender(database, publisher)),
        provide(TurnWriter, [Database, Sender], (database: Database, sender: Sender) => new TurnWriter(database, sender, SERVICE)),
        provide(ChangeRecorder, [Database, Sender, SOURCE], (database: Database, sender: Sender, source: EventSource) => new ChangeRecorder(database, sender, source)),
        provide(OutboxStore, [Database], (database: Database) => new OutboxStore(database, SERVICE)),
        provide(Relay, [OutboxStore, JetStreamPublisher, LOG], (outbox: OutboxStore, publisher: JetStreamPublisher, serviceLog: ServiceLog) => new Relay({ outbox, publisher, log: serviceLog })),
        provide(OutboxAge, [OutboxStore], (outbox: OutboxStore) => new OutboxAge(outbox, config.OUTBOX_MAX_AGE_SECONDS, now)),
        provide(Facts, [Database], (database: Database) => new CachedFacts(factReadersOf(database))),
        provide(EventFeed, [Bus, Facts, KeyUpkeep, LOG], (bus: Bus, facts: CachedFacts, upkeep: KeyUpkeep, serviceLog: ServiceLog) => new EventFeed({
          bus, filter: 'strowger.feed.>', startSeconds: 2 * MAX_AGE_MS / 1000, log: serviceLog,
          onEvents: events => { facts.invalidate(events); upkeep.heard(events); }, onReset: () => { facts.clear(); },
        })),
        provide(ScopeAnnouncer, [Bus, LOG], (bus: Bus, serviceLog: ServiceLog) => new ScopeAnnouncer(bus, SERVICE, managementScopes, serviceLog)),
        provide(Grants, [Database, TurnWriter, ChangeRecorder, RefreshKeys], (database: Database, turns: TurnWriter, changes: ChangeRecorder, keys: RefreshKeys) =>
          new GrantsStore(database, turns, changes, keys, config.ACCESS_TOKEN_TTL_MAX_SECONDS)),
        provide(SecretUses, [Database], (database: Database) => new SecretUses(database)),
        ...signingKeys(config),
        provide(StartUp, [Database, SigningKeys, LOG], (database: Database, keys: SigningKeys, serviceLog: ServiceLog) => new StartUp({ database, log: serviceLog, prepare: () => prepareDatabase(database, keys) })),
        provide(RejectionRecorder, [TurnWriter, SOURCE], (turns: TurnWriter, source: EventSource) => new RejectionRecorder(turns, source, now)),
        provide(ClientAuthStrategy, [Facts, Database, SecretUses], (facts: CachedFacts, database: Database, uses: SecretUses) => new ClientAuthStrategy({
          facts, services: config.STROWGER_SERVICES, limits: new RateLimitsStore(database), wrongSecretsPerMinute: config.WRONG_SECRETS_PER_ADDRESS_AND_MINUTE, uses, now,
        })),
        ClientAuth,
        provide(LimitedPasswordCheck, [Database, RejectionRecorder], (database: Database, rejections: RejectionRecorder) => new LimitedPasswordCheck(
          new AccountsReader(database), new PasswordHasher(),
          {
            limits: new RateLimitsStore(database), addresses: new SignInAddresses(database),
            allowed: {
              windowSeconds: config.PASSWORD_WINDOW_SECONDS, accountAndAddress: config.WRONG_PASSWORDS_PER_ACCOUNT_AND_ADDRESS,
              accountFromStrangers: config.WRONG_PASSWORDS_PER_ACCOUNT_FROM_STRANGERS, address: config.WRONG_PASSWORDS_PER_ADDRESS,
            },
          }, rejections, now)),
        provide(LimitedNames, [Database], (database: Database) =>
          new LimitedNames(new AccountsReader(database), new RateLimitsStore(database), { windowSeconds: config.PASSWORD_WINDOW_SECONDS, wrongNames: config.WRONG_NAMES_PER_ACCOUNT }, now)),
        provide(TokenServer, [Facts, LimitedPasswordCheck, Grants, RefreshKeys, CodeKeys, StoredTokens, LimitedNames, DeviceAuthorizationsStore],
          (facts: CachedFacts, passwords: LimitedPasswordCheck, store: GrantsStore, keys: RefreshKeys, codes: CodeKeys, tokens: StoredTokens, names: LimitedNames, polled: DeviceAuthorizationsStore) =>
            new TokenServer(grants(facts, passwords, store, keys, codes, { tokens, names }, polled))),
        provide(IssueToken, [TokenServer, TokenIssuer, Facts, OutboxAge], (server: TokenServer, issuer: TokenIssuer, facts: Facts, age: OutboxAge) => new IssueToken(server, issuer, facts, age)),
        provide(TokenServiceMetrics, [Registry, OutboxAge, Relay], (metrics: Registry, age: OutboxAge, relay: Relay) => new TokenServiceMetrics(metrics, age, relay)),
        provide(TokenIssuer, [SigningKeys, TurnWriter, SOURCE, TokenServiceMetrics], (keys: SigningKeys, turns: TurnWriter, source: EventSource, metrics: TokenServiceMetrics) =>
          new TokenIssuer(keys, turns, source, { issuer: config.STROWGER_ISSUER, audience: audienceOf(config), longestTokenSeconds: config.ACCESS_TOKEN_TTL_MAX_SECONDS, issued: metrics })),
        provide(StoredTokens, [Database, Grants, Facts], (database: Database, store: GrantsStore, facts: CachedFacts) => new StoredTokens(new AccessTokensReader(database), store, facts, now)),
        provide(AccessTokensStore, [Database, ChangeRecorder], (database: Database, changes: ChangeRecorder) => new AccessTokensStore(database, changes)),
        provide(RevokeToken, [StoredTokens, AccessTokensStore, Grants, RefreshKeys], (tokens: StoredTokens, revocations: AccessTokensStore, store: GrantsStore, keys: RefreshKeys) => new RevokeToken(tokens, revocations, store, keys)),
        provide(RequestLimit, [Database, LOG], (database: Database, serviceLog: ServiceLog) => new RequestLimit(new RateLimitsStore(database), { service: SERVICE, perMinute: config.API_REQUESTS_PER_MINUTE, now, log: serviceLog })),
        provide(ReachedAccounts, [Database], (database: Database) => new ReachedAccounts(new AccountsReader(database))),
        provide(ListTokens, [Database, StoredTokens, ReachedAccounts], (database: Database, tokens: StoredTokens, reached: ReachedAccounts) => new ListTokens(new LiveTokensReader(database), tokens, reached, now)),
        provide(RemoveToken, [StoredTokens, AccessTokensStore, ReachedAccounts], (tokens: StoredTokens, revocations: AccessTokensStore, reached: ReachedAccounts) => new RemoveToken(tokens, revocations, reached)),
        provide(Janitor, [Database, TokenServiceMetrics, LOG], (database: Database, counts: TokenServiceMetrics, serviceLog: ServiceLog) => new Janitor(
          { tokens: new EndedTokensStore(database), grants: new EndedGrantsStore(database), secretUses: new EndedSecretUsesStore(database), owed: new OwedReader(database) },
          { everySeconds: config.JANITOR_EVERY_SECONDS, longestTokenSeconds: config.ACCESS_TOKEN_TTL_MAX_SECONDS, now, counts }, serviceLog)),
        provide(ReconcilerMetrics, [Registry], (metrics: Registry) => new ReconcilerMetrics(metrics)),
        provide(Reconciler, [Database, JetStreamPublisher, ReconcilerMetrics, LOG], (database: Database, publisher: JetStreamPublisher, counts: ReconcilerMetrics, serviceLog: ServiceLog) => new Reconciler({
          documents: [new TokenEventsReader(database), new GrantEventsReader(database)], trail: new AuditEventsReader(database), owed: new OwedEventsReader(database, SERVICE),
          progress: new ReconciliationsStore(database, SERVICE, config.STROWGER_INSTANCE), publisher,
        }, { everySeconds: config.RECONCILE_EVERY_SECONDS, confirmMs: 5000, now, counts }, serviceLog)),
        provide(FeedMarks, [Database, Bus, LOG], (database: Database, bus: Bus, serviceLog: ServiceLog) => {
          const lowerings = new OwedLowerings(database, config.STROWGER_INSTANCE);
          return new FeedMarks({ owed: mostBytes => lowerings.read(mostBytes), publish: mark => publishMark(bus, mark), log: serviceLog });
        }),
        ...peoplesPages(config), ...devices(config),
        provide(Metadata, [TokenServer, AuthorizeServer], (server: TokenServer, authorize: AuthorizeServer) => new Metadata(config.STROWGER_ISSUER, server.grantTypes, authorize.responseTypes)),
        { provide: APP_FILTER, inject: [RejectionRecorder, LOG], useFactory: (rejections: RejectionRecorder, serviceLog: ServiceLog) => new OAuthErrorFilter(rejections, serviceLog) },
      ],
    };
  }
}
