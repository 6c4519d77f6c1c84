import { DynamicModule, FactoryProvider, InjectionToken, Module, Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { Registry } from 'prom-client';
import { ApiErrorFilter } from '@strowger/auth/api-error.filter';
import { AuthConfig } from '@strowger/auth/auth.config';
import { BearerGuard } from '@strowger/auth/bearer.guard';
import { HttpTokenIntrospector } from '@strowger/auth/http-token-introspector';
import { RequestLimit } from '@strowger/auth/request-limit';
import { ScopeAnnouncer } from '@strowger/auth/scope-announcer';
import { TokenIntrospector } from '@strowger/auth/token-introspector';
import { PasswordHasher } from '@strowger/credentials/password-hasher';
import { Bus } from '@strowger/messaging/bus';
import { JetStreamPublisher } from '@strowger/messaging/jetstream-publisher';
import { MessagingConfig } from '@strowger/messaging/messaging.config';
import { Relay } from '@strowger/messaging/relay';
import { AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { AccountsWriter } from '@strowger/models/accounts/accounts.writer';
import { ApplicationsReader } from '@strowger/models/applications/applications.reader';
import { ApplicationsWriter } from '@strowger/models/applications/applications.writer';
import { Database } from '@strowger/models/database';
import { ModelsConfig } from '@strowger/models/models.config';
import { ChangeRecorder } from '@strowger/models/outbox/change-recorder';
import { EventSource } from '@strowger/models/outbox/make-event';
import { OutboxStore } from '@strowger/models/outbox/outbox.store';
import { Sender } from '@strowger/models/outbox/sender';
import { RateLimitsStore } from '@strowger/models/rate-limits/rate-limits.store';
import { ScopesReader } from '@strowger/models/scopes/scopes.reader';
import { NewTenantWriter } from '@strowger/models/tenants/new-tenant.writer';
import { TenantsReader } from '@strowger/models/tenants/tenants.reader';
import { TenantsWriter } from '@strowger/models/tenants/tenants.writer';
import { ServiceLog } from '@strowger/service/service-log';
import { StartUp } from '@strowger/service/start-up';
import { AccountPasswords } from './accounts/account-passwords';
import { AccountsController } from './accounts/accounts.controller';
import { ChangeAccount } from './accounts/change-account';
import { CreateAccount } from './accounts/create-account';
import { InitTenant } from './admin/init-tenant';
import { ResetPassword } from './admin/reset-password';
import { RotateKeys } from './admin/rotate-keys';
import { RotateSecret } from './admin/rotate-secret';
import { ApiUrls } from './api-urls';
import { AppRegistryConfig } from './app-registry-service.config';
import { AppRegistryMetrics } from './app-registry-service.metrics';
import { ApplicationAnswers } from './applications/application-answers';
import { ApplicationReach } from './applications/application-reach';
import { ApplicationReachController } from './applications/application-reach.controller';
import { ApplicationsController } from './applications/applications.controller';
import { ChangeApplication } from './applications/change-application';
import { RegisterApplication } from './applications/register-application';
import { managementScopes } from './management-scopes';
import { prepareDatabase } from './prepare-database';
import { RequestOrigin } from './request-origin';
import { ChangeTenant } from './tenant/change-tenant';
import { TenantController } from './tenant/tenant.controller';
import { TenantRequests } from './tenant/tenant.request';
import { UrlsController } from './urls/urls.controller';

export const SERVICE = 'app-registry-service';
const now = (): Date => new Date();
const LOG = Symbol('log'), SOURCE = Symbol('source');

/** A class from instances of other classes, in the order of its parameters. */
const made = <T, P extends unknown[]>(provided: InjectionToken<T> & (new (...parts: P) => T), ...inject: InjectionToken[]): FactoryProvider<T> =>
  ({ provide: provided, inject, useFactory: (...parts: P) => new provided(...parts) });

/** What both the service and the operator's command stand on: the database, the bus, and who writes what. */
const foundation = (config: ModelsConfig & MessagingConfig, source: EventSource, log: ServiceLog): Provider[] => [
  { provide: LOG, useValue: log },
  { provide: SOURCE, useValue: source },
  { provide: Database, useFactory: () => new Database(config, line => { log.warn(line); }) },
  { provide: Bus, useFactory: () => new Bus(config, log) },
  made(JetStreamPublisher, Bus),
  made(Sender, Database, JetStreamPublisher),
  made(ChangeRecorder, Database, Sender, SOURCE),
  { provide: StartUp, inject: [Database], useFactory: (database: Database) => new StartUp({ database, log, prepare: () => prepareDatabase(database) }) },
  made(ApplicationsReader, Database), made(AccountsReader, Database), made(TenantsReader, Database), made(ScopesReader, Database),
  made(ApplicationsWriter, Database, ChangeRecorder), made(AccountsWriter, Database, ChangeRecorder), made(TenantsWriter, Database, ChangeRecorder),
  { provide: PasswordHasher, useFactory: () => new PasswordHasher() },
];

const useCases = (config: AppRegistryConfig): Provider[] => [
  { provide: ApiUrls, useValue: new ApiUrls(config.STROWGER_ISSUER) },
  { provide: ApplicationAnswers, inject: [ApiUrls], useFactory: (urls: ApiUrls) => new ApplicationAnswers(urls, now) },
  { provide: RequestOrigin, inject: [SOURCE], useFactory: (source: EventSource) => new RequestOrigin(source, now) },
  made(RegisterApplication, ApplicationsWriter, ScopesReader),
  made(ChangeApplication, ApplicationsReader, ApplicationsWriter, ScopesReader),
  made(ApplicationReach, Database, ApplicationsReader, ScopesReader),
  {
    provide: AccountPasswords, inject: [PasswordHasher, Database],
    useFactory: (hasher: PasswordHasher, database: Database) => new AccountPasswords(
      hasher, new RateLimitsStore(database), { attempts: config.WRONG_CURRENT_PASSWORDS_PER_ACCOUNT, windowSeconds: config.PASSWORD_WINDOW_SECONDS }, now),
  },
  made(CreateAccount, AccountsReader, AccountsWriter, AccountPasswords),
  made(ChangeAccount, AccountsReader, AccountsWriter, AccountPasswords),
  made(ChangeTenant, TenantsReader, TenantsWriter),
  { provide: TenantRequests, useValue: new TenantRequests(config.ACCESS_TOKEN_TTL_MAX_SECONDS, now) },
];

const surroundings = (config: AuthConfig, registry: Registry): Provider[] => [
  { provide: Registry, useValue: registry },
  { provide: OutboxStore, inject: [Database], useFactory: (database: Database) => new OutboxStore(database, SERVICE) },
  { provide: Relay, inject: [OutboxStore, JetStreamPublisher, LOG], useFactory: (outbox: OutboxStore, publisher: JetStreamPublisher, log: ServiceLog) => new Relay({ outbox, publisher, log }) },
  { provide: ScopeAnnouncer, inject: [Bus, LOG], useFactory: (bus: Bus, log: ServiceLog) => new ScopeAnnouncer(bus, SERVICE, managementScopes, log) },
  { provide: AppRegistryMetrics, inject: [Registry, OutboxStore, Relay], useFactory: (metrics: Registry, outbox: OutboxStore, relay: Relay) => new AppRegistryMetrics(metrics, outbox, relay, now) },
  { provide: TokenIntrospector, useFactory: () => new HttpTokenIntrospector(config) },
  { provide: RequestLimit, inject: [Database, LOG], useFactory: (database: Database, log: ServiceLog) => new RequestLimit(new RateLimitsStore(database), { service: SERVICE, perMinute: config.API_REQUESTS_PER_MINUTE, now, log }) },
  { provide: APP_GUARD, useClass: BearerGuard },
  { provide: APP_FILTER, useClass: ApiErrorFilter },
];

/** Composition root: the only file that binds ports to adapters. */
@Module({})
export class AppRegistryServiceModule {
  static with(config: AppRegistryConfig, registry: Registry, log: ServiceLog): DynamicModule {
    return {
      module: AppRegistryServiceModule,
      controllers: [ApplicationsController, ApplicationReachController, AccountsController, TenantController, UrlsController],
      providers: [...foundation(config, { service: SERVICE, instance: config.STROWGER_INSTANCE }, log), ...useCases(config), ...surroundings(config, registry)],
    };
  }

  /** The same without anything that listens: for the operator's command. */
  static forAdmin(config: ModelsConfig & MessagingConfig, instance: string, log: ServiceLog): DynamicModule {
    const source: EventSource = { service: SERVICE, instance };
    return {
      module: AppRegistryServiceModule,
      providers: [
        ...foundation(config, source, log), made(NewTenantWriter, Database, ChangeRecorder),
        {
          provide: InitTenant, inject: [TenantsReader, AccountsReader, ApplicationsReader, NewTenantWriter, PasswordHasher],
          useFactory: (tenants: TenantsReader, accounts: AccountsReader, applications: ApplicationsReader, writer: NewTenantWriter, hasher: PasswordHasher) =>
            new InitTenant({ tenants, accounts, applications, writer }, hasher, { source, now }),
        },
        { provide: ResetPassword, inject: [AccountsReader, AccountsWriter, PasswordHasher], useFactory: (accounts: AccountsReader, writer: AccountsWriter, hasher: PasswordHasher) => new ResetPassword(accounts, writer, hasher, { source, now }) },
        made(RotateKeys, Bus),
        { provide: RotateSecret, inject: [ApplicationsReader, ApplicationsWriter], useFactory: (applications: ApplicationsReader, writer: ApplicationsWriter) => new RotateSecret(applications, writer, { source, now }) },
      ],
    };
  }
}
