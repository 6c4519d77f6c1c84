import { InMemoryOutbox } from '@strowger/messaging/in-memory-outbox.fake';
import { InMemoryGrants } from '@strowger/oauth-core/grants.fake';
import { RefreshKeys } from '@strowger/oauth-core/refresh-token';
import { grantsBehaviour } from './grants/grants.behaviour';
import { outboxBehaviour } from './outbox/outbox.behaviour';
import { InMemoryRateLimits } from './rate-limits/rate-limits.fake';
import { rateLimitsBehaviour } from './rate-limits/rate-limits.behaviour';

describe('counters in memory', () => {
  const limits = new InMemoryRateLimits();
  rateLimitsBehaviour(() => limits);
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
