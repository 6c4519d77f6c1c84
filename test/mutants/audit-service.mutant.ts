// audit-service with one part bound anew: what a protection is for shows in a run without it. Run as a process of its own.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { DynamicModule } from '@nestjs/common';
import { Registry } from 'prom-client';
import { AuditDeadLettersWriter } from '@strowger/models/audit-dead-letters/audit-dead-letters.writer';
import { AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';
import { AuditEventsWriter, Recorded } from '@strowger/models/audit-events/audit-events.writer';
import { Database } from '@strowger/models/database';
import { startService } from '@strowger/service/start-service';
import { auditService } from '../../apps/audit-service/src/audit-service';
import { auditServiceConfig } from '../../apps/audit-service/src/audit-service.config';
import { AuditServiceModule } from '../../apps/audit-service/src/audit-service.module';
import { RecordMessages } from '../../apps/audit-service/src/recording/record-messages';
import { TrailMetrics } from '../../apps/audit-service/src/recording/trail-metrics';
import { rebound } from './rebound';

/** A trail that does not judge by event id: what is told twice stands there twice. */
class ForgetfulWriter extends AuditEventsWriter {
  override record(events: readonly AuditEventDocument[]): Promise<Recorded> { return super.record(events.map(event => ({ ...event, _id: randomUUID() }))); }
}

const mutations: Readonly<Record<string, (module: DynamicModule) => DynamicModule>> = {
  'without-deduplication': module => rebound(module, {
    provide: RecordMessages, inject: [Database, TrailMetrics],
    useFactory: (database: Database, metrics: TrailMetrics) => new RecordMessages(new ForgetfulWriter(database), new AuditDeadLettersWriter(database), metrics),
  }),
};

const config = auditServiceConfig(), registry = new Registry();
let mutated = AuditServiceModule.with(config, registry);
for (const name of process.argv.slice(2)) {
  const mutate = mutations[name];
  if (!mutate) throw new Error(`no mutation ${name}`);
  mutated = mutate(mutated);
}
void startService({ ...auditService(config, registry), module: mutated });
