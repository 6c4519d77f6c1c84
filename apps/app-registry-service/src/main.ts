import 'reflect-metadata';
import { startService } from '@strowger/service/start-service';
import { appRegistryService } from './app-registry-service';
import { appRegistryConfig } from './app-registry-service.config';

void startService(appRegistryService(appRegistryConfig()));
