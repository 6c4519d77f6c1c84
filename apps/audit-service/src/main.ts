import 'reflect-metadata';
import { Registry } from 'prom-client';
import { startService } from '@strowger/service/start-service';
import { auditServiceConfig } from './audit-service.config';
import { auditService } from './audit-service';

void startService(auditService(auditServiceConfig(), new Registry()));
