import 'reflect-metadata';
import { startService } from '@strowger/service/start-service';
import { portalService } from './portal-service';
import { portalServiceConfig } from './portal-service.config';

void startService(portalService(portalServiceConfig()));
