import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ApiErrorFilter } from '@strowger/auth/api-error.filter';
import { IndexPageController } from './index-page.controller';

/** Composition root. */
@Module({ controllers: [IndexPageController], providers: [{ provide: APP_FILTER, useValue: new ApiErrorFilter() }] })
export class PortalServiceModule {}
