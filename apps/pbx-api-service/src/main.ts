import 'reflect-metadata';
import { startService } from '@strowger/service/start-service';
import { pbxApiService } from './pbx-api-service';
import { pbxApiServiceConfig } from './pbx-api-service.config';

void startService(pbxApiService(pbxApiServiceConfig()));
