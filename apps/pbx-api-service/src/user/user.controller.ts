import { Body, Controller, Get, Patch } from '@nestjs/common';
import { Caller } from '@strowger/auth/caller.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { CallersReach } from '../reach/callers-reach';
import { PbxOperation } from '../rest/operation.decorator';
import { PbxUsers } from './pbx-users';
import { PbxUser, PbxUserChange } from './user.shapes';

@Controller('api/rest/user')
export class UserController {
  constructor(private readonly users: PbxUsers, private readonly reach: CallersReach) {}

  @Get()
  @PbxOperation({ scope: 'rest:user:read', summary: 'Who the token speaks for', answer: PbxUser })
  async self(@Caller() caller: AuthenticatedCaller) { return this.users.self(await this.reach.of(caller)); }

  @Patch()
  @PbxOperation({ scope: 'rest:user:write', summary: 'Change the own name and e-mail address', body: PbxUserChange, answer: PbxUser })
  async change(@Caller() caller: AuthenticatedCaller, @Body() body: unknown) {
    const changes = PbxUserChange.parse(body);
    return this.users.change(await this.reach.of(caller), changes);
  }
}
