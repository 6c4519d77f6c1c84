import 'reflect-metadata';
import { Registry } from 'prom-client';
import { makeLog } from '@strowger/service/service-log';
import { startService } from '@strowger/service/start-service';
import { appRegistryConfig } from './app-registry-service.config';
import { AppRegistryServiceModule, SERVICE } from './app-registry-service.module';
import { serviceOptions } from './service-options';

const config = appRegistryConfig();
const registry = new Registry();
const log = makeLog(SERVICE, config);

void startService(serviceOptions(AppRegistryServiceModule.with(config, registry, log), config, registry));
