import { eventually } from '../../../test/system';
import { PbxScene, Who } from './pbx-scene.fixture';
import { administrator, others, victim } from './rights-matrix.fixture';

/** What a person does with the PBX by REST, and what it makes of that. */
export function personBehaviour(given: () => PbxScene): void {
  let scene: PbxScene;
  const bob = others['other user'], items = (body: Record<string, unknown>) => body['items'] as Record<string, unknown>[];
  beforeAll(() => { scene = given(); });

  const number = '+442079460111';
  it('a callback is started with a form, is in the list, is hung up, and then stands in the call log, once', async () => {
    const started = await scene.call(victim, 'POST', '/api/rest/calls', `to=${encodeURIComponent(number)}`);
    expect(started).toMatchObject({ status: 201, body: { extension: '101', to: number, requested_by: 'alice-tenant-a' } });
    const id = String(started.body['id']);
    expect(items((await scene.call(victim, 'GET', '/api/rest/calls')).body).map(call => call['id'])).toContain(id);
    expect((await scene.call(bob, 'DELETE', `/api/rest/calls/${id}`)).status).toBe(404);
    const [one, two] = await Promise.all([scene.call(victim, 'DELETE', `/api/rest/calls/${id}`), scene.call(victim, 'DELETE', `/api/rest/calls/${id}`)]);
    expect([one.status, two.status].every(status => status === 204 || status === 404) && [one.status, two.status].includes(204)).toBe(true);
    expect((await scene.call(victim, 'GET', `/api/rest/calls/${id}`)).status).toBe(404);
    expect((await scene.call(victim, 'GET', `/api/rest/calllog/${id}`)).body).toMatchObject({ direction: 'outbound', from: '101', to: number });
  });
  it('a call that has ended by itself is found in the log, by whoever looks first', async () => {
    await scene.pbx.calls.insert('tenant-a', 'long-ago', { extension: '101', to: '102', started_at: new Date(Date.now() - 3_600_000), requested_by: 'x' });
    expect(items((await scene.call(victim, 'GET', '/api/rest/calls')).body).map(({ id }) => id)).not.toContain('long-ago');
    expect((await scene.call(bob, 'GET', '/api/rest/calllog/long-ago')).body).toMatchObject({ direction: 'internal', extensions: ['101', '102'] });
  });
  it('an extension has ten calls at once, no more', async () => {
    const answers: number[] = [];
    for (let call = 0; call < 12; call++) answers.push((await scene.call(bob, 'POST', '/api/rest/calls', { to: number })).status);
    expect(answers).toEqual([...Array<number>(10).fill(201), 409, 409]);
  });
  it('who has no extension is told to name one', async () => {
    const guest: Who = { sub: 'guest-tenant-a' };
    for (const [path, body] of [['calls', { to: number }], ['faxes', { to: number, text: 'x' }], ['eventhandlers', { event: 'call.ended', url: 'https://example.com/' }]] as const) {
      expect(await scene.call(guest, 'POST', `/api/rest/${path}`, body)).toMatchObject({ status: 400, body: { error_description: expect.stringContaining('extension') as unknown } });
      expect((await scene.call(guest, 'POST', `/api/rest/${path}`, { ...body, extension: '101' })).status).toBe(404);
    }
    expect((await scene.call(guest, 'GET', '/api/rest/user')).body).toEqual({ id: 'guest-tenant-a', username: 'guest-tenant-a', administrator: false, extension: null });
    expect((await scene.call(guest, 'PATCH', '/api/rest/user', { name: 'x' })).status).toBe(404);
  });
  it('forwarding is set for each condition, by JSON or a form, and taken away', async () => {
    await scene.call(victim, 'PUT', '/api/rest/callforward/101/no_answer', `target=${encodeURIComponent(number)}&after_seconds=15`);
    await scene.call(victim, 'PUT', '/api/rest/callforward/101/unconditional', { target: '102', enabled: false });
    const { body } = await scene.call(victim, 'GET', '/api/rest/callforward/101');
    expect(body).toMatchObject({ extension: '101', unconditional: { target: '102', enabled: false }, no_answer: { target: number, enabled: true, after_seconds: 15 } });
    expect((await scene.call(victim, 'DELETE', '/api/rest/callforward/101/no_answer')).status).toBe(204);
    expect((await scene.call(victim, 'GET', '/api/rest/callforward/101')).body['no_answer']).toBeNull();
    for (const [condition, bad] of [['busy', { target: '101' }], ['busy', { target: '102', after_seconds: 20 }], ['sometimes', { target: '102' }], ['busy', {}]] as const) expect((await scene.call(victim, 'PUT', `/api/rest/callforward/101/${condition}`, bad)).status).toBe(400);
  });
  it('nine changes at once of one extension are all made, none lost', async () => {
    const conditions = ['unconditional', 'busy', 'no_answer'];
    const before = (await scene.pbx.extensions.find('tenant-a', '101'))?.version ?? 0;
    const answers = await Promise.all(Array.from({ length: 9 }, (_none, at) => scene.call(victim, 'PUT', `/api/rest/callforward/101/${conditions[at % 3] ?? ''}`, { target: String(200 + at) })));
    const made = answers.filter(({ status }) => status === 200).length;
    expect(answers.every(({ status }) => status === 200 || status === 503)).toBe(true);
    expect((await scene.pbx.extensions.find('tenant-a', '101'))?.version).toBe(before + made);
  });
  it('a fax is sent, cancelled on its way, repeated; only an incoming one is deleted', async () => {
    const { body } = await scene.call(victim, 'POST', '/api/rest/faxes', { to: number, text: Array.from({ length: 120 }, () => 'line').join('\n') }), path = `/api/rest/faxes/${String(body['id'])}`;
    expect(body).toMatchObject({ pages: 3, state: 'queued', attempts: 1 });
    expect((await scene.call(victim, 'DELETE', path)).status).toBe(409);
    expect((await scene.call(victim, 'POST', `${path}/cancel`)).body).toMatchObject({ state: 'cancelled' });
    expect((await scene.call(victim, 'POST', `${path}/cancel`)).status).toBe(409);
    expect((await scene.call(victim, 'POST', `${path}/repeat`)).body).toMatchObject({ state: 'queued', attempts: 2 });
  });
  it('a fax of several lines is sent with a form as well as with JSON; other values stay in one line', async () => {
    const text = Array.from({ length: 120 }, () => 'a\tline').join('\r\n');
    expect(await scene.call(victim, 'POST', '/api/rest/faxes', new URLSearchParams({ to: number, text }).toString())).toMatchObject({ status: 201, body: { pages: 3 } });
    for (const bad of [{ to: number, text: 'x\u0000' }, { to: number, text: '\u001b[2J' }, { to: `${number}\n`, text: 'x' }]) expect((await scene.call(victim, 'POST', '/api/rest/faxes', new URLSearchParams(bad).toString())).status).toBe(400);
  });
  it('S62: an event handler\'s address that is none is refused, and so is one of another kind', async () => {
    for (const url of ['nope', 'https://', 'https:x', 'http://example.com/', 'javascript:alert(1)', 'https://example.com/ x']) {
      expect(await scene.call(victim, 'POST', '/api/rest/eventhandlers', { event: 'call.ended', url })).toMatchObject({ status: 400, body: { error: 'invalid_request', error_description: expect.stringContaining('url: ') as unknown } });
    }
  });
  it('a switchboard\'s state is the same for everybody who asks at once', async () => {
    const ask = () => scene.call(administrator, 'GET', '/api/rest/switchboards/main/state');
    const [one, other] = await eventually('two answers of one moment', async () => {
      const both = await Promise.all([ask(), ask()]);
      return both[0].body['at'] === both[1].body['at'] && both;
    });
    expect(one.body['waiting']).toBe(other.body['waiting']);
  });
  it('an extension is added once, and a user adds none', async () => {
    const added = { id: '150', name: 'New desk', department: 'Sales' };
    expect((await scene.call(victim, 'POST', '/api/rest/extensions', added)).body).toMatchObject({ status: 'access_denied' });
    expect((await Promise.all([1, 2, 3].map(() => scene.call(administrator, 'POST', '/api/rest/extensions', added)))).map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });
}
