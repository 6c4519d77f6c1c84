import { Controller, Get } from '@nestjs/common';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import { ApiUrls } from '../api-urls';

/** `/api/urls`: the API URL list (seed 000). */
@Controller('api/urls')
export class UrlsController {
  constructor(private readonly urls: ApiUrls) {}

  @Get() @RequireScope('strowger:applications:read')
  list(): ApiUrls { return this.urls; }
}
