import { ServiceEnvironment } from './service.config';
import { environmentOrExit } from './environment';
import { exampleService } from './example-service.fixture';
import { startService } from './start-service';

void startService(exampleService(environmentOrExit(ServiceEnvironment, process.env)));
