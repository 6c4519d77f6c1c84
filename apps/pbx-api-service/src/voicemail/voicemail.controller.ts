import { Body, Controller, Delete, Get, Param, Put, Query, StreamableFile } from '@nestjs/common';
import { Caller } from '@strowger/auth/caller.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { Extensions } from '../extensions/extensions';
import { CallersReach } from '../reach/callers-reach';
import { sound } from '../recordings/sound';
import { PbxOperation } from '../rest/operation.decorator';
import { shown, shownPage } from '../shown';
import { Mailbox, MailboxSetting, VoicemailMessage, VoicemailPage, VoicemailQuery } from './voicemail.shapes';
import { mailboxShown, Voicemail } from './voicemail';

@Controller('api/rest/voicemail')
export class VoicemailController {
  constructor(private readonly voicemail: Voicemail, private readonly extensions: Extensions, private readonly reach: CallersReach) {}

  @Get()
  @PbxOperation({ scope: 'rest:voicemail:read', summary: 'Messages, newest first', query: VoicemailQuery, answer: VoicemailPage })
  async list(@Caller() caller: AuthenticatedCaller, @Query() query: unknown) {
    const wanted = VoicemailQuery.parse(query);
    return shownPage(await this.voicemail.page(await this.reach.of(caller), wanted), shown);
  }

  @Get(':message')
  @PbxOperation({ scope: 'rest:voicemail:read', summary: 'A message', answer: VoicemailMessage })
  async one(@Caller() caller: AuthenticatedCaller, @Param('message') id: string) { return shown(await this.voicemail.one(await this.reach.of(caller), id)); }

  @Get(':message/audio')
  @PbxOperation({ scope: 'rest:voicemail:read', summary: 'What was said', media: 'audio/wav' })
  async audio(@Caller() caller: AuthenticatedCaller, @Param('message') id: string) {
    const { duration_seconds } = await this.voicemail.one(await this.reach.of(caller), id);
    return new StreamableFile(sound(duration_seconds), { type: 'audio/wav' });
  }

  @Delete(':message')
  @PbxOperation({ scope: 'rest:voicemail:write:delete', summary: 'Delete a message' })
  async remove(@Caller() caller: AuthenticatedCaller, @Param('message') id: string): Promise<void> { await this.voicemail.remove(await this.reach.of(caller), id); }

  @Get('settings/:extension')
  @PbxOperation({ scope: 'rest:voicemail:read', summary: 'The settings of an extension\'s mailbox', answer: Mailbox })
  async mailbox(@Caller() caller: AuthenticatedCaller, @Param('extension') id: string) { return mailboxShown(await this.extensions.one(await this.reach.of(caller), id)); }

  @Put('settings/:extension')
  @PbxOperation({ scope: 'rest:voicemail:write', summary: 'Set up an extension\'s mailbox', body: MailboxSetting, answer: Mailbox })
  async setMailbox(@Caller() caller: AuthenticatedCaller, @Param('extension') id: string, @Body() body: unknown) {
    const setting = MailboxSetting.parse(body);
    return mailboxShown(await this.voicemail.setMailbox(await this.reach.of(caller), id, setting));
  }
}
