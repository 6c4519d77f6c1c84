// token-service with one part bound anew: what a protection is for shows in a run without it. Run as a process of its own.
import 'reflect-metadata';
import { DynamicModule } from '@nestjs/common';
import { mongo } from 'mongoose';
import { Registry } from 'prom-client';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { JetStreamPublisher } from '@strowger/messaging/jetstream-publisher';
import { Relay } from '@strowger/messaging/relay';
import { Database } from '@strowger/models/database';
import { GrantsStore } from '@strowger/models/grants/grants.store';
import { ChangeRecorder } from '@strowger/models/outbox/change-recorder';
import { OutboxStore } from '@strowger/models/outbox/outbox.store';
import { OwedMessage } from '@strowger/models/outbox/owed-messages';
import { Sender } from '@strowger/models/outbox/sender';
import { TurnWriter } from '@strowger/models/turns/turn-writer';
import { Grants } from '@strowger/oauth-core/ports';
import { RefreshKeys } from '@strowger/oauth-core/refresh-token';
import { startService } from '@strowger/service/start-service';
import { tokenService } from '../../apps/token-service/src/token-service';
import { TokenServiceConfig, tokenServiceConfig } from '../../apps/token-service/src/token-service.config';
import { TokenServiceModule } from '../../apps/token-service/src/token-service.module';
import { rebound } from './rebound';

/** A relay that does not look whether an event's document exists. */
class BlindOutbox extends OutboxStore {
  override existing(events: readonly StrowgerEvent[]): Promise<ReadonlySet<string>> { return Promise.resolve(new Set(events.map(event => event.id))); }
}

const INSERTS_BEFORE_DEATH = 20;
/** Dies as processes die: the outbox entry of a turn is durable, the insert of its tokens never went out. */
class DatabaseOfADyingProcess extends Database {
  private inserts = 0;
  override collection<T extends mongo.Document>(name: string): mongo.Collection<T> {
    const collection = super.collection<T>(name);
    const dying = name === 'access_tokens' || name === 'outbox';
    return !dying ? collection : new Proxy(collection, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property);
        if (property !== 'insertMany') return typeof value === 'function' ? value.bind(target) as unknown : value;
        return (...args: Parameters<typeof target.insertMany>) => {
          if (name === 'access_tokens') return ++this.inserts < INSERTS_BEFORE_DEATH ? target.insertMany(...args) : new Promise(() => undefined);
          const written = target.insertMany(...args);
          if (this.inserts >= INSERTS_BEFORE_DEATH) void written.then(() => { process.kill(process.pid, 'SIGKILL'); });
          return written;
        };
      },
    });
  }
}

/** Answers as soon as the token alone is durable: the outbox entry is on its way and nobody waits for it. */
class DatabaseWithoutOutboxAnswers extends Database {
  override collection<T extends mongo.Document>(name: string): mongo.Collection<T> {
    const collection = super.collection<T>(name);
    return name !== 'outbox' ? collection : new Proxy(collection, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property);
        if (property !== 'insertMany') return typeof value === 'function' ? value.bind(target) as unknown : value;
        return (...args: Parameters<typeof target.insertMany>) => { target.insertMany(...args).catch(() => undefined); return Promise.resolve({}); };
      },
    });
  }
}

/** A turn that waits for nothing. */
class HastyTurnWriter extends TurnWriter {
  override insert(...parts: Parameters<TurnWriter['insert']>): Promise<void> { super.insert(...parts).catch(() => undefined); return Promise.resolve(); }
}
/** Begins and rotates grants without waiting until that is durable. */
class HastyGrantsStore extends GrantsStore {
  override rotate(...parts: Parameters<GrantsStore['rotate']>): Promise<boolean> { super.rotate(...parts).catch(() => undefined); return Promise.resolve(true); }
}

/** Dies in the middle of a rotation: the old key has ended and the next one begun, neither is committed. */
class DatabaseOfADyingRotation extends Database {
  override collection<T extends mongo.Document>(name: string): mongo.Collection<T> {
    const collection = super.collection<T>(name);
    return name !== 'signing_keys' ? collection : new Proxy(collection, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property);
        if (property === 'insertOne') return () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => undefined); };
        return typeof value === 'function' ? value.bind(target) as unknown : value;
      },
    });
  }
}
/** Dies when the first event of a rotation is to be published: all of it is committed, nobody was told. */
class SenderThatDies extends Sender {
  override send(message: OwedMessage): void {
    if (message.document.subject.includes('.key.')) process.kill(process.pid, 'SIGKILL');
    else super.send(message);
  }
}

const mutations: Readonly<Record<string, (module: DynamicModule, config: TokenServiceConfig) => DynamicModule>> = {
  'without-relay': module => rebound(module, { provide: Relay, useValue: { start: () => undefined, stop: () => Promise.resolve(), counters: { published: 0, dropped: 0, failed: 0 } } }),
  'blind-relay': module => rebound(module, { provide: OutboxStore, inject: [Database], useFactory: (database: Database) => new BlindOutbox(database, 'token-service') }),
  'outbox-not-awaited': (module, config) => rebound(module, { provide: TurnWriter, inject: [Sender], useFactory: (sender: Sender) => new TurnWriter(new DatabaseWithoutOutboxAnswers(config), sender, 'token-service') }),
  'grants-not-awaited': (module, config) => rebound(module, {
    provide: Grants, inject: [Database, Sender, ChangeRecorder, RefreshKeys],
    useFactory: (database: Database, sender: Sender, changes: ChangeRecorder, keys: RefreshKeys) =>
      new HastyGrantsStore(database, new HastyTurnWriter(database, sender, 'token-service'), changes, keys, config.ACCESS_TOKEN_TTL_MAX_SECONDS),
  }),
  'dies-in-a-rotation': (module, config) => rebound(module, { provide: Database, useFactory: () => new DatabaseOfADyingRotation(config) }),
  'dies-after-a-rotation': module => rebound(module, { provide: Sender, inject: [Database, JetStreamPublisher], useFactory: (database: Database, publisher: JetStreamPublisher) => new SenderThatDies(database, publisher) }),
  'dies-between': (module, config) => rebound(module, { provide: Database, useFactory: () => new DatabaseOfADyingProcess(config) }),
};

const config = tokenServiceConfig(), registry = new Registry();
let mutated: DynamicModule = TokenServiceModule.with(config, registry);
for (const name of process.argv.slice(2)) {
  const mutate = mutations[name];
  if (!mutate) throw new Error(`no mutation ${name}`);
  mutated = mutate(mutated, config);
}
void startService(tokenService(config, registry, mutated));
