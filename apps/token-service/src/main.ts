import 'reflect-metadata';
import { startService } from '@strowger/service/start-service';
import { tokenService } from './token-service';
import { tokenServiceConfig } from './token-service.config';

void startService(tokenService(tokenServiceConfig()));
