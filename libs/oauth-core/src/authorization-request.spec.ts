import fc from 'fast-check';
import { answerUri, authorizationParameters, promptOf, returnAddress } from './authorization-request';
import { answeredConsent, chosenScope, offeredScopes, rememberedScope } from './consent-scope';
import { OAuthError } from './oauth-error';
import { covers } from './scope';

const refused = (work: () => unknown): boolean => {
  try { work(); return false; } catch (error) { if (error instanceof OAuthError && error.code === 'invalid_request') return true; throw error; }
};

describe('where an answer goes', () => {
  const uris = ['https://a.ex/cb', 'https://a.ex/cb?x=1', 'http://127.0.0.1/cb', 'http://localhost/cb', 'com.example.app:/cb'];
  it('S3, S4: is one of the registered redirect URIs to the letter, or a loopback one at another port, whatever is presented', () => {
    const piece = fc.constantFrom('https://', 'http://', 'a.ex', '127.0.0.1', 'localhost', ':8080', ':0', '/cb', '/', '?x=1', '#', '@', '%2f', '..', '\\', ' ', 'com.example.app:', 'CB', 'evil.ex');
    const presented = fc.oneof(fc.constantFrom(...uris), fc.tuple(fc.constantFrom(...uris), piece).map(([uri, more]) => uri + more), fc.array(piece, { maxLength: 6 }).map(pieces => pieces.join('')), fc.integer({ min: 1, max: 65_535 }).map(port => `http://127.0.0.1:${String(port)}/cb`));
    fc.assert(fc.property(presented, fc.subarray(uris), (uri, registered) => {
      let to: string;
      try { to = returnAddress({ redirect_uris: registered }, new Map([['redirect_uri', uri]])).redirect_uri; } catch { return; }
      expect(to).toBe(uri);
      expect(registered.includes(uri) || (registered.includes('http://127.0.0.1/cb') && /^http:\/\/127\.0\.0\.1:[1-9]\d*\/cb$/.test(uri))).toBe(true);
    }), { numRuns: 1000 });
  });
  it('S3: needs no naming where there is only one, and none can be guessed', () => {
    expect(returnAddress({ redirect_uris: ['https://a.ex/cb'] }, new Map([['state', 's']]))).toEqual({ redirect_uri: 'https://a.ex/cb', redirect_uri_named: false, state: 's' });
    expect([refused(() => returnAddress({ redirect_uris: [] }, new Map())), refused(() => returnAddress({ redirect_uris: uris }, new Map()))]).toEqual([true, true]);
  });
  it('S14: has the state as it was, and the issuer; what the URI had already stays', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), fc.constantFrom(...uris), (state, redirect_uri) => {
      const uri = answerUri({ redirect_uri, redirect_uri_named: true, state }, 'https://issuer.ex', { code: 'c' });
      const { searchParams } = new URL(uri);
      expect([uri.startsWith(redirect_uri), searchParams.get('state'), searchParams.getAll('iss'), searchParams.getAll('code')]).toEqual([true, state, ['https://issuer.ex'], ['c']]);
    }));
  });
});

describe('parameters', () => {
  it('S11: of any query give a map, or a refusal that says where it may be told; never anything else', () => {
    const part = fc.constantFrom('client_id=a', 'redirect_uri=b', 'state=s', 'scope=x', 'scope=y', '%zz', 'a[b]=c', '__proto__=1', '=', '&', 'state=t', 'x=%00', 'client_id=%zz');
    fc.assert(fc.property(fc.oneof(fc.string(), fc.array(part, { maxLength: 6 }).map(parts => parts.join('&'))), query => {
      let read: ReturnType<typeof authorizationParameters>;
      try { read = authorizationParameters(query); } catch (error) { expect(error).toBeInstanceOf(OAuthError); return; }
      for (const [name, value] of read.params) expect([typeof name, typeof value]).toEqual(['string', 'string']);
      if (read.wrong) expect([...read.params.keys()].every(name => ['client_id', 'redirect_uri', 'state'].includes(name))).toBe(true);
    }), { numRuns: 500 });
  });
  it('S19: of prompt are none alone, login and consent', () => {
    const of = (prompt: string) => promptOf(new Map([['prompt', prompt]]));
    expect([promptOf(new Map()), of('login  consent login'), of('none')]).toEqual([[], ['login', 'consent'], ['none']]);
    for (const wrong of ['none login', 'select_account', 'LOGIN', 'login,consent']) expect(refused(() => of(wrong))).toBe(true);
  });
});

describe('what a person is asked', () => {
  const catalogue = ['gql:calllog:read', 'rest:calllog:read', 'rest:calllog:write', 'rest:voicemail:read', 'rest:voicemail:write', 'rest:voicemail:write:delete', 'gql:voicemail:write:delete'].map(scope => ({ scope, description: `to ${scope.split(':').slice(1).join(' ')}` }));
  it('is each thing once, REST and GraphQL together, and what another contains in its words', () => {
    expect(offeredScopes('gql rest', catalogue).map(({ key, scopes, descriptions, writes }) => [key, scopes, descriptions, writes])).toEqual([
      ['calllog:read', ['gql:calllog:read', 'rest:calllog:read'], ['to calllog read'], false], ['calllog:write', ['rest:calllog:write'], ['to calllog write'], true],
      ['voicemail:read', ['rest:voicemail:read'], ['to voicemail read'], false], ['voicemail:write', ['rest:voicemail:write'], ['to voicemail write', 'to voicemail write delete'], true],
      ['voicemail:write:delete', ['gql:voicemail:write:delete'], ['to voicemail write delete'], true],
    ]);
  });
  it('is named where nothing below it is announced', () => {
    expect(offeredScopes('strowger rest:calllog:read', catalogue)).toMatchObject([{ key: 'calllog:read' }, { key: 'strowger', descriptions: ['Everything in strowger'] }]);
  });
  const scopes = fc.subarray(['gql', 'rest', 'strowger', 'rest:calllog', 'gql:voicemail', 'rest:voicemail:write', ...catalogue.map(({ scope }) => scope)], { minLength: 1 }).map(list => list.join(' '));
  it('S12: may be given whole or less, and never more than was requested', () => {
    fc.assert(fc.property(scopes, fc.func(fc.boolean()), (requested, yes) => {
      const offered = offeredScopes(requested, catalogue), chosen = new Set(offered.map(({ key }) => key).filter(key => yes(key)));
      const given = chosenScope(requested, offered, chosen).split(' ').filter(scope => scope !== '');
      for (const scope of given) expect(covers(requested.split(' '), scope)).toBe(true);
      for (const { key, scopes: parts } of offered) for (const part of parts) expect(covers(given, part)).toBe(chosen.has(key));
      if (chosen.size === offered.length) expect(requested.split(' ').every(scope => covers(given, scope))).toBe(true);
      if (chosen.size === 0) expect(given).toEqual([]);
    }), { numRuns: 300 });
  });
  it('S12: is remembered as it was answered: nothing is given again that was not given, and the newest answer counts', () => {
    fc.assert(fc.property(fc.array(fc.tuple(scopes, fc.func(fc.boolean())), { minLength: 1, maxLength: 4 }), scopes, (answers, later) => {
      let consent: Parameters<typeof rememberedScope>[1];
      const everGiven: string[] = [];
      for (const [requested, yes] of answers) {
        const offered = offeredScopes(requested, catalogue), given = chosenScope(requested, offered, new Set(offered.map(({ key }) => key).filter(key => yes(key))));
        if (given === '') continue;
        everGiven.push(...given.split(' '));
        consent = { ...answeredConsent(consent, requested, given), implied: false, status: 'active' };
        const now = rememberedScope(requested, consent)?.split(' ') ?? [];
        for (const leaf of catalogue) if (covers(requested.split(' '), leaf.scope)) expect(covers(now, leaf.scope)).toBe(covers(given.split(' '), leaf.scope));
      }
      for (const scope of rememberedScope(later, consent)?.split(' ') ?? []) expect(covers(everGiven, scope) && covers(later.split(' '), scope)).toBe(true);
    }), { numRuns: 200 });
  });
  it('is asked where nobody was asked before, more is requested, or the consent is gone', () => {
    const consent = { scope: 'rest:calllog', asked: 'rest', implied: false, status: 'active' as const };
    expect([rememberedScope('rest', consent), rememberedScope('rest:calllog:read', consent)]).toEqual(['rest:calllog', 'rest:calllog:read']);
    for (const [requested, one] of [['gql', consent], ['rest:voicemail', consent], ['rest', { ...consent, implied: true }], ['rest', { ...consent, status: 'removed' as const }], ['rest', undefined]] as const) expect(rememberedScope(requested, one)).toBeUndefined();
  });
});
