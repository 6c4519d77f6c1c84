import type { Type } from '@nestjs/common';
import { CallForwardController } from '../callforward/call-forward.controller';
import { CallLogController } from '../calllog/call-log.controller';
import { CallsController } from '../calls/calls.controller';
import { EventHandlersController } from '../eventhandlers/event-handlers.controller';
import { ExtensionsController } from '../extensions/extensions.controller';
import { FaxesController } from '../faxes/faxes.controller';
import { LocalController } from '../local/local.controller';
import { RecordingsController } from '../recordings/recordings.controller';
import { SwitchboardsController } from '../switchboards/switchboards.controller';
import { UserController } from '../user/user.controller';
import { VoicemailController } from '../voicemail/voicemail.controller';

/** The whole REST API. What OpenAPI shows, what scopes open, and what the tests of rights go through, all follow from this list. */
export const restControllers: readonly Type[] = [
  ExtensionsController, CallForwardController, CallLogController, CallsController, VoicemailController, RecordingsController, FaxesController, SwitchboardsController,
  EventHandlersController, UserController, LocalController,
];
