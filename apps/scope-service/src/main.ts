import 'reflect-metadata';
import { startService } from '@strowger/service/start-service';
import { scopeService } from './scope-service';
import { scopeServiceConfig } from './scope-service.config';

void startService(scopeService(scopeServiceConfig()));
