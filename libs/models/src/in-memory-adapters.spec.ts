import { createHash, randomBytes } from 'node:crypto';
import { InMemoryOutbox } from '@strowger/messaging/in-memory-outbox.fake';
import { newUserCode } from '@strowger/oauth-core/device-authorization';
import { InMemoryDeviceAuthorizations } from '@strowger/oauth-core/device-authorizations.fake';
import { InMemoryGrants } from '@strowger/oauth-core/grants.fake';
import { RefreshKeys } from '@strowger/oauth-core/refresh-token';
import { AuditEventDocument } from './audit-events/audit-events.schema';
import { searchTrail, TrailEvents } from './audit-events/search-trail';
import { InMemoryPostings } from './audit-postings/audit-postings.fake';
import { AuditPostingsReader } from './audit-postings/audit-postings.reader';
import { AuditPostingsWriter } from './audit-postings/audit-postings.writer';
import { byLooking, trailSearchBehaviour } from './audit-postings/trail-search.behaviour';
import { deviceAuthorizationsBehaviour } from './device-authorizations/device-authorizations.behaviour';
import { grantsBehaviour } from './grants/grants.behaviour';
import { outboxBehaviour } from './outbox/outbox.behaviour';
import { InMemoryRateLimits } from './rate-limits/rate-limits.fake';
import { rateLimitsBehaviour } from './rate-limits/rate-limits.behaviour';
import { signingKeysBehaviour } from './signing-keys/signing-keys.behaviour';
import { InMemorySigningKeys } from './signing-keys/signing-keys.fake';

describe('counters in memory', () => {
  const limits = new InMemoryRateLimits();
  rateLimitsBehaviour(() => limits);
});

describe('signing keys in memory', () => {
  signingKeysBehaviour(() => {
    const keys = new InMemorySigningKeys(() => new Date());
    return Promise.resolve({ keys, events: () => Promise.resolve(keys.events) });
  });
});

describe('an outbox in memory', () => {
  outboxBehaviour(() => {
    let at = Date.now();
    const outbox = new InMemoryOutbox(() => new Date(at));
    return Promise.resolve({
      outbox, add: entry => { outbox.add(entry); return Promise.resolve(); }, stands: event => { outbox.documents.add(event.id); return Promise.resolve(); },
      pass: seconds => { at += seconds * 1000; return Promise.resolve(); },
    });
  });
});

describe('grants in memory', () => {
  grantsBehaviour(() => {
    let at = Date.now();
    const grants = new InMemoryGrants(() => new Date(at), new RefreshKeys([{ id: 'k', secret: Buffer.alloc(32, 7) }]));
    return Promise.resolve({
      grants, pass: seconds => { at += seconds * 1000; return Promise.resolve(); }, storeToken: (id, generation) => grants.storeToken(id, generation),
      removeConsentAfterInsert: ({ account, application }) => { grants.afterInsert = () => { grants.consents.set(`${account.id}:${application.id}`, { status: 'removed', scope: 'rest' }); }; },
      issueCode: id => {
        const grant = grants.grants.get(id);
        if (grant) grants.grants.set(id, { ...grant, code: { redirect_uri: 'https://a.ex/cb', redirect_uri_named: false, issued_at: new Date(at) } });
        return Promise.resolve();
      },
      removeConsent: ({ account, application }) => { grants.consents.set(`${account.id}:${application.id}`, { status: 'removed', scope: 'rest' }); return Promise.resolve(); },
      eventTypes: () => Promise.resolve([...grants.events]),
    });
  });
});

describe('searches of a trail in memory', () => {
  trailSearchBehaviour(() => {
    const events = new Map<string, AuditEventDocument>(), store = new InMemoryPostings(), writers = [new AuditPostingsWriter(store), new AuditPostingsWriter(store)] as const;
    const after = (found: AuditEventDocument[], limit: number, position?: { time: Date; id: string }) =>
      found.filter(({ time, _id }) => !position || time < position.time || (time.getTime() === position.time.getTime() && _id < position.id)).slice(0, limit);
    const looking: TrailEvents = {
      scan: ({ tenantId, filter, limit, after: position }) => Promise.resolve(after(byLooking([...events.values()], tenantId, filter), limit, position)),
      at: (moments, { tenantId, filter, limit, after: position }) => Promise.resolve(after(byLooking([...events.values()].filter(({ time }) => moments.includes(time.getTime())), tenantId, filter), limit, position)),
      byId: (tenantId, id) => Promise.resolve([events.get(id)].find(event => event?.tenant_id === tenantId)),
    };
    return Promise.resolve({
      record: async (writer, told) => {
        await writers[writer].add(told);
        for (const event of told) if (!events.has(event._id)) events.set(event._id, event);
      },
      file: async (writer, half) => {
        const standing = new Map(store.documents);
        for (const tenant of ['t1', 't', 't1-']) await writers[writer].empty(tenant);
        if (half) for (const [id, document] of standing) store.documents.set(id, document);
      },
      page: (tenantId, filter, limit, position) => searchTrail(looking, new AuditPostingsReader(store), { tenantId, filter, limit, after: position }),
    });
  }, 60);
});

describe('device authorizations in memory', () => {
  deviceAuthorizationsBehaviour(() => {
    let at = Date.now();
    const devices = new InMemoryDeviceAuthorizations(() => new Date(at));
    return Promise.resolve({
      devices, pass: seconds => { at += seconds * 1000; return Promise.resolve(); },
      begun: interval => {
        const code = randomBytes(32).toString('base64url'), id = createHash('sha256').update(code).digest('base64url');
        devices.devices.set(id, {
          id, tenant_id: 't', version: 1, application_id: 'a', user_code: newUserCode(), scope: 'rest', sign_out_versions: { tenant: 1, application: 1 }, status: 'pending', interval,
          ip: '192.0.2.1', created_at: new Date(at), expires_at: new Date(at + 600_000),
        });
        return Promise.resolve(code);
      },
    });
  });
});
