import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { JETSTREAM, STORED_MESSAGES } from '@strowger/messaging/jetstream-server';
import type { StoredMessage } from '@strowger/messaging/jetstream-server';
import { StartUp } from '@strowger/service/start-up';
import { FilePostings } from './file-postings';
import { RecordMessages } from './record-messages';

/** Receives the messages of the stream; resolved, they are acknowledged, rejected, delivered again. */
@Controller()
export class RecordingController {
  constructor(private readonly startUp: StartUp, private readonly recording: RecordMessages, private readonly filing: FilePostings) {}

  @EventPattern(STORED_MESSAGES, JETSTREAM)
  async record(@Payload() messages: readonly StoredMessage[]): Promise<void> {
    await this.startUp.done;
    await this.recording.record(messages);
    this.filing.start();
  }
}
