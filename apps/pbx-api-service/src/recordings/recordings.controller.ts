import { Body, Controller, Delete, Get, Param, Put, Query, StreamableFile } from '@nestjs/common';
import { Caller } from '@strowger/auth/caller.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { Extensions } from '../extensions/extensions';
import { CallersReach } from '../reach/callers-reach';
import { PbxOperation } from '../rest/operation.decorator';
import { shown, shownPage } from '../shown';
import { Recording, RecordingPage, RecordingQuery, RecordingRule, RecordingRuleSetting } from './recording.shapes';
import { Recordings, ruleShown } from './recordings';
import { sound } from './sound';

@Controller('api/rest/recordings')
export class RecordingsController {
  constructor(private readonly recordings: Recordings, private readonly extensions: Extensions, private readonly reach: CallersReach) {}

  @Get()
  @PbxOperation({ scope: 'rest:recordings:read', summary: 'Recordings, newest first', query: RecordingQuery, answer: RecordingPage })
  async list(@Caller() caller: AuthenticatedCaller, @Query() query: unknown) {
    const wanted = RecordingQuery.parse(query);
    return shownPage(await this.recordings.page(await this.reach.of(caller), wanted), shown);
  }

  @Get(':recording')
  @PbxOperation({ scope: 'rest:recordings:read', summary: 'A recording', answer: Recording })
  async one(@Caller() caller: AuthenticatedCaller, @Param('recording') id: string) { return shown(await this.recordings.one(await this.reach.of(caller), id)); }

  @Get(':recording/audio')
  @PbxOperation({ scope: 'rest:recordings:read', summary: 'What was recorded', media: 'audio/wav' })
  async audio(@Caller() caller: AuthenticatedCaller, @Param('recording') id: string) {
    const { duration_seconds } = await this.recordings.one(await this.reach.of(caller), id);
    return new StreamableFile(sound(duration_seconds), { type: 'audio/wav' });
  }

  @Delete(':recording')
  @PbxOperation({ scope: 'rest:recordings:write:delete', summary: 'Delete a recording' })
  async remove(@Caller() caller: AuthenticatedCaller, @Param('recording') id: string): Promise<void> { await this.recordings.remove(await this.reach.of(caller), id); }

  @Get('settings/:extension')
  @PbxOperation({ scope: 'rest:recordings:read', summary: 'Which calls of an extension are recorded', answer: RecordingRule })
  async rule(@Caller() caller: AuthenticatedCaller, @Param('extension') id: string) { return ruleShown(await this.extensions.one(await this.reach.of(caller), id)); }

  @Put('settings/:extension')
  @PbxOperation({ scope: 'rest:recordings:write', summary: 'Say which calls of an extension are recorded', body: RecordingRuleSetting, answer: RecordingRule })
  async setRule(@Caller() caller: AuthenticatedCaller, @Param('extension') id: string, @Body() body: unknown) {
    const setting = RecordingRuleSetting.parse(body);
    return ruleShown(await this.recordings.setRule(await this.reach.of(caller), id, setting));
  }
}
