import 'reflect-metadata';
import { ZodError } from 'zod';
import { ScopeAnnouncement } from '@strowger/contracts/scope-announcement';
import { CallDocument } from '@strowger/models/pbx/pbx.schema';
import { lowestIdAt, timedId } from '@strowger/models/pbx/pbx-ids';
import { BadArguments, parseSeedCommand } from './admin/seed-command';
import { callProgress, ending } from './calls/call-progress';
import { callLogCsv } from './calllog/call-log.csv';
import { NewEventHandler } from './eventhandlers/event-handler.shapes';
import { faxState } from './faxes/faxes';
import { reachOf } from './reach/reach';
import { sound } from './recordings/sound';
import { CallForwardSetting } from './callforward/call-forward.shapes';
import { PageQuery } from './request-fields';
import { describedRoutes } from './rest/described-routes';
import { openApi } from './rest/open-api';
import { restControllers } from './rest/rest-controllers';
import { announcedScopes } from './scopes/announced-scopes';
import { pbxScope, pbxScopes } from './scopes/pbx-scopes';
import { pbxModel } from './seed/pbx-model';
import { SwitchboardChange } from './switchboards/switchboard.shapes';

const routes = describedRoutes(restControllers);

describe('the PBX\'s scopes', () => {
  const announced = announcedScopes(routes, []);
  it('are an announcement that the catalogue takes, each scope once, and each of REST opens a route', () => {
    expect(ScopeAnnouncement.parse({ scopes: announced }).scopes).toHaveLength(new Set(announced.map(({ scope }) => scope)).size);
    expect(announced.filter(({ scope, opens }) => scope.startsWith('rest:') && opens.length === 0)).toEqual([]);
    expect(announced.find(({ scope }) => scope === 'rest:callforward:write')?.opens).toEqual([
      { method: 'PUT', path: '/api/rest/callforward/{extension}/{condition}' }, { method: 'DELETE', path: '/api/rest/callforward/{extension}/{condition}' },
    ]);
  });
  it('level call_api has every read, and of the writes those that handle calls (seed 001)', () => {
    for (const type of ['rest', 'gql']) {
      const ofLevel = (level: string) => pbxScopes.filter(({ scope, access_level }) => scope.startsWith(type) && access_level === level).map(({ scope }) => scope);
      expect(ofLevel('call_api').filter(scope => !scope.endsWith(':read')).sort()).toEqual(['calls:write', 'eventhandlers:write', 'faxes:write', 'recordings:write:delete', 'voicemail:write:delete'].map(rest => `${type}:${rest}`));
      expect(ofLevel('all').filter(scope => scope.endsWith(':read'))).toEqual([]);
    }
    expect(() => pbxScope('rest:nothing:read')).toThrow('not a scope');
  });
});

describe('the description of the REST API', () => {
  const description = openApi(routes, '/') as { paths: Record<string, Record<string, { operationId: string; security: unknown; responses: object; requestBody?: { content: object } }>>; components: { schemas: object } };
  const operations = Object.values(description.paths).flatMap(path => Object.values(path));
  it('has every route once, with its scope, and refers to nothing that it lacks', () => {
    expect(operations).toHaveLength(routes.length);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(routes.length);
    const text = JSON.stringify(description);
    for (const [, name = ''] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) expect(Object.keys(description.components.schemas)).toContain(name);
    expect(text).not.toContain('$defs');
    expect(description.paths['/api/rest/callforward/{extension}/{condition}']?.['put']).toMatchObject({ security: [{ oauth2: ['rest:callforward:write'] }], 'x-strowger': { access_level: 'all', write: true } });
  });
  it('takes JSON and forms wherever it takes a body', () => {
    for (const { requestBody } of operations) if (requestBody) expect(Object.keys(requestBody.content)).toEqual(['application/json', 'application/x-www-form-urlencoded']);
    expect(operations.filter(({ requestBody }) => requestBody !== undefined).length).toBeGreaterThan(8);
  });
});

describe('reach', () => {
  const claims = { tenant_id: 't', sub: 'a', role: 'user', account_kind: 'user' } as const;
  it.each<[string, object, object]>([
    ['a user has the own extension', { claims, account: { extension_id: '101' } }, { own: '101', extensions: ['101'], administrator: false }],
    ['a user without one has none', { claims, account: {} }, { extensions: [] }],
    ['an auditor is a user here', { claims: { ...claims, role: 'auditor' }, account: { extension_id: '103' } }, { extensions: ['103'], administrator: false }],
    ['an API access has its owner\'s, whatever extension is its own', { claims: { ...claims, account_kind: 'api_access' }, account: { extension_id: '999' }, owner: { extension_id: '101', role: 'user' } }, { own: '101', extensions: ['101'] }],
    ['one whose owner is gone has none', { claims: { ...claims, account_kind: 'api_access' }, account: { extension_id: '999' } }, { extensions: [] }],
    ['chosen switchboards stay', { claims: { ...claims, account_kind: 'api_access', switchboards: ['main'] }, owner: { role: 'administrator' } }, { switchboards: ['main'], administrator: false }],
  ])('%s', (_what, of, expected) => { expect(reachOf({ username: 'x', ...of } as never)).toMatchObject(expected); });
  it('an administrator, and what an administrator\'s API access may see, has no bound but the tenant', () => {
    expect(reachOf({ claims: { ...claims, role: 'administrator' }, username: 'x' }).extensions).toBeUndefined();
    expect(reachOf({ claims: { ...claims, account_kind: 'api_access' }, username: 'x', owner: { role: 'administrator' } }).extensions).toBeUndefined();
  });
});

describe('the simulated switch', () => {
  const callOf = (id: string): CallDocument => ({ _id: `t/${id}`, tenant_id: 't', version: 1, extension: '101', to: '+442079460001', started_at: new Date(1e12), requested_by: 'x' });
  const calls = Array.from({ length: 300 }, (_none, at) => callOf(`call${String(at)}`)), at = (seconds: number): Date => new Date(1e12 + seconds * 1000);
  it('moves a call forward only, and ends every one within six minutes', () => {
    const order = ['ringing_extension', 'ringing', 'answered', 'ended'];
    for (const call of calls) {
      let last = 0;
      for (let seconds = 0; seconds < 360; seconds += 1) {
        const now = order.indexOf(callProgress(call, at(seconds)).state);
        expect(now).toBeGreaterThanOrEqual(last);
        last = now;
      }
      expect(last).toBe(3);
    }
    expect(new Set(calls.map(call => ending(call, at(360)).result))).toEqual(new Set(['answered', 'missed', 'busy']));
  });
  it('a call hung up before anybody answered is cancelled, one that was answered is as long as it lasted', () => {
    for (const call of calls) {
      expect(ending(call, at(1))).toEqual({ result: 'cancelled', ended_at: at(1), duration_seconds: 0 });
      const { answered_at, ended_at, duration_seconds } = ending(call, at(20));
      expect(duration_seconds).toBe(answered_at ? Math.round((ended_at.getTime() - answered_at.getTime()) / 1000) : 0);
    }
  });
  it('a fax is queued, sending, then sent; a number that ends in 9 needs a second attempt', () => {
    const fax = { _id: 't/f', tenant_id: 't', version: 1, direction: 'outbound', extension: '101', from: '101', to: '+442079460009', pages: 2, created_at: at(0), began_at: at(0), attempts: 1 } as const;
    expect([0, 4, 60].map(seconds => faxState(fax, at(seconds)))).toEqual(['queued', 'sending', 'failed']);
    expect([faxState({ ...fax, attempts: 2 }, at(60)), faxState({ ...fax, to: '100' }, at(60)), faxState({ ...fax, cancelled_at: at(1) }, at(60)), faxState({ ...fax, direction: 'inbound' }, at(0))]).toEqual(['sent', 'sent', 'cancelled', 'received']);
  });
  it('a sound is a WAV file as long as the message, and no longer than thirty seconds', () => {
    const wav = sound(2);
    expect([wav.toString('latin1', 0, 4), wav.toString('latin1', 8, 16), wav.length, wav.readUInt32LE(40), sound(4000).length]).toEqual(['RIFF', 'WAVEfmt ', 44 + 16_000, 16_000, 44 + 240_000]);
  });
});

describe('the demo\'s model', () => {
  const options = { seed: 1, until: new Date('2026-11-20T12:00:00Z'), extensions: 30, calls: 5000, days: 60 };
  const model = pbxModel(options);
  it('is the same for the same seed, another for another', () => {
    expect(pbxModel(options)).toEqual(model);
    expect(pbxModel({ ...options, seed: 2 }).callLog[0]).not.toEqual(model.callLog[0]);
  });
  it('has thirty extensions and five thousand calls, each under its own id, in order of time, none after its end', () => {
    expect([model.extensions.length, model.callLog.length]).toEqual([30, 5000]);
    const ids = model.callLog.map(([id]) => id), moments = model.callLog.map(([, { started_at }]) => started_at.getTime());
    expect(new Set(ids).size).toBe(5000);
    expect(moments.every((moment, index) => index === 0 || moment >= (moments[index - 1] ?? 0))).toBe(true);
    expect(Math.max(...moments)).toBeLessThanOrEqual(options.until.getTime());
    expect(new Set(model.extensions.map(([, { name, department }]) => `${department} ${name}`)).size).toBe(30);
    const calls = new Map(model.callLog);
    for (const [id, { call }] of model.recordings) expect(calls.get(call)?.recording).toBe(id);
  });
});

describe('what comes in', () => {
  it('ids are in order of their time', () => {
    const at = new Date('2026-11-20T12:00:00Z');
    expect(timedId(at) >= lowestIdAt(at) && timedId(new Date(at.getTime() - 1)) < lowestIdAt(at)).toBe(true);
    expect(timedId(at)).toMatch(/^[0-9a-z]{17}$/);
  });
  it('a form says the same as JSON', () => {
    expect(CallForwardSetting.parse({ target: '102', enabled: 'false', after_seconds: '30' })).toEqual(CallForwardSetting.parse({ target: '102', enabled: false, after_seconds: 30 }));
    expect(SwitchboardChange.parse({ members: '101 102', open: 'true' })).toEqual({ members: ['101', '102'], open: true });
  });
  it.each<[string, () => unknown]>([
    ['a target that is no number', () => CallForwardSetting.parse({ target: '=cmd()' })], ['an unknown field', () => CallForwardSetting.parse({ target: '102', tenant_id: 'b' })],
    ['S66: __proto__', () => CallForwardSetting.parse(JSON.parse('{"target":"102","__proto__":{"x":1}}'))], ['a flag that is none', () => CallForwardSetting.parse({ target: '102', enabled: 'yes' })],
    ['S67: an operator', () => PageQuery.parse({ cursor: { $gt: '' } })], ['a list twice', () => PageQuery.parse({ limit: ['1', '2'] })], ['a cursor of its own', () => PageQuery.parse({ cursor: 'x' })],
    ['S62: a handler without TLS', () => NewEventHandler.parse({ event: 'call.ended', url: 'http://127.0.0.1/' })], ['S62: a handler whose address is none', () => NewEventHandler.parse({ event: 'call.ended', url: 'nope' })], ['S62: a handler without a host', () => NewEventHandler.parse({ event: 'call.ended', url: 'https://' })],
    ['S62: a handler whose address has more than one line', () => NewEventHandler.parse({ event: 'call.ended', url: 'https://example.com/\nx' })], ['S62: a handler with a password', () => NewEventHandler.parse({ event: 'call.ended', url: 'https://a:b@example.com/' })],
  ])('refuses %s', (_what, parse) => { expect(parse).toThrow(ZodError); });
  it('S86: no cell of the call log\'s CSV is a formula', async () => {
    const at = new Date(0), hostile = '=cmd|\'/C calc\'!A0';
    const rows = [{ _id: 't/x', tenant_id: 't', version: 1, direction: 'inbound', result: 'missed', from: hostile, to: '+4420', extensions: ['101', '-1'], started_at: at, ended_at: at, duration_seconds: 0 }] as const;
    const parts: string[] = [];
    for await (const part of callLogCsv((async function* () { yield await Promise.resolve(rows as never); })())) parts.push(part);
    const cells = [...parts.join('').matchAll(/"((?:[^"]|"")*)"(?:,|\r\n)/g)].map(([, text = '']) => text);
    expect(cells).toContain(`'${hostile}`);
    expect(cells.filter(cell => /^\s*[=+\-@]/.test(cell))).toEqual([]);
  });
  it.each([[[]], [['seed']], [['seed', '--tenant', 'a/b']], [['seed', '--tenant', 't', '--calls', '-1']], [['seed', '--tenant', 't', '--extensions', '3']], [['feed', '--tenant', 't']], [['seed', '--tenant', 't', '--x']]])('the seed command refuses %j', typed => {
    expect(() => parseSeedCommand(typed)).toThrow(BadArguments);
  });
  it('the seed command has what the demo has, unless told otherwise', () => { expect(parseSeedCommand(['seed', '--tenant', 't'])).toEqual({ tenant: 't', extensions: 30, calls: 5000, seed: 1 }); });
});
