import { DynamicModule, Module } from '@nestjs/common';
import { Bus } from '@strowger/messaging/bus';
import { JetStreamPublisher } from '@strowger/messaging/jetstream-publisher';
import { TokenEventsReader } from '@strowger/models/access-tokens/token-events.reader';
import { Database } from '@strowger/models/database';
import { GrantEventsReader } from '@strowger/models/grants/grant-events.reader';
import { ServiceLog } from '@strowger/service/service-log';
import { AdminConfig } from './admin.config';
import { RepublishEvents } from './republish-events';

/** token-service without anything that listens: for the operator's command. */
@Module({})
export class TokenServiceAdminModule {
  static with(config: AdminConfig, instance: string, log: ServiceLog): DynamicModule {
    return {
      module: TokenServiceAdminModule,
      providers: [
        { provide: Database, useFactory: () => new Database(config, line => { log.warn(line); }) },
        { provide: Bus, useFactory: () => new Bus(config, log) },
        {
          provide: RepublishEvents, inject: [Database, Bus],
          useFactory: (database: Database, bus: Bus) =>
            new RepublishEvents([new TokenEventsReader(database), new GrantEventsReader(database)], new JetStreamPublisher(bus), { service: 'token-service', instance }),
        },
      ],
    };
  }
}
