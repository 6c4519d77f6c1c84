import { rmSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ServiceName } from '@strowger/contracts/event-catalogue';
import { demoAdministrator } from './demo-administrator';
import { Credentials, DemoAccounts, DemoApplications, tokenOfPerson, waitForScopes } from './demo-tenant';
import { bringBackDemo, DemoValues, writeDemo } from './demo-values';
import { seedDemoPbx } from './demo-pbx';
import { ManagementApi, obtainToken } from './management-api';

const TENANT = 'demo';
const PBX = 'gql rest';
const WEB_SCOPE = 'rest:calllog:read rest:callforward rest:extensions:read rest:user:read rest:voicemail:read rest:voicemail:write:delete';
const BROWSER_SCOPE = 'gql:callforward:read gql:calllog:read gql:extensions:read rest:calllog:read rest:user:read';
const WEB_REDIRECT_URI = 'http://127.0.0.1:3000/callback', BROWSER_REDIRECT_URI = 'http://127.0.0.1:5173/';

export interface DemoOptions {
  /** Origin of the front door, as people will use it. */
  readonly frontUrl: string;
  readonly dataDir: string;
  /** The whole environment of a service's process. */
  readonly environmentOf: (service: ServiceName) => Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

/**
 * Seeds the demo PBX through the services' own APIs and then writes `<data>/demo.env`: tenant `demo` with the legacy grants on,
 * its people, API accesses, one application of each type, and a PBX with a past. Every password and secret is random. Where an earlier run has
 * done it, only the URL is written anew; where it came half-way, the rest is made and what was shown once is replaced.
 * @throws Error - a service refused or failed; seeding again goes on from there
 */
export async function seedDemo({ frontUrl, dataDir, environmentOf, log }: DemoOptions): Promise<void> {
  if (bringBackDemo(dataDir, frontUrl)) return;
  for (const left of readdirSync(dataDir).filter(name => name.startsWith('seeding-'))) rmSync(join(dataDir, left), { recursive: true });
  log('seeding the demo PBX');
  const administrator = await demoAdministrator(TENANT, dataDir, commandEnvironment(environmentOf('app-registry-service')));
  const token = await obtainToken(frontUrl, { grant_type: 'client_credentials', client_id: administrator.clientId, client_secret: administrator.clientSecret });
  const api = new ManagementApi(frontUrl, token);
  await api.patch('/api/tenant', { password_grant: true, api_application: true, implicit_grant: true });
  const { tenant_id } = await api.get('/oauth/resource', z.object({ tenant_id: z.string() }));
  const [people] = await Promise.all([waitForScopes(api).then(() => seedPeople(api)), seedDemoPbx(tenant_id, commandEnvironment(environmentOf('pbx-api-service')))]);
  const applications = await seedApplications(api, new ManagementApi(frontUrl, await tokenOfPerson(frontUrl, 'alice', people.DEMO_ALICE_PASSWORD)));
  writeDemo(dataDir, {
    STROWGER_URL: frontUrl, DEMO_TENANT_ID: tenant_id, DEMO_ADMIN_PASSWORD: administrator.password, DEMO_ADMIN_CLIENT_ID: administrator.clientId, DEMO_ADMIN_CLIENT_SECRET: administrator.clientSecret,
    ...people, ...applications,
  });
}

async function seedPeople(api: ManagementApi) {
  const accounts = await DemoAccounts.of(api);
  const auditor = await accounts.user('auditor', { role: 'auditor' }), alice = await accounts.user('alice', { extension_id: '101' }), bob = await accounts.user('bob', { access: 'read_only', extension_id: '102' });
  const access = await accounts.apiAccess('access@example.com', { owner: alice.id, impersonation: true });
  const callog = await accounts.apiAccess('callog@example.com', { owner: alice.id, impersonation: false });
  return {
    DEMO_AUDITOR_PASSWORD: auditor.password, DEMO_ALICE_PASSWORD: alice.password, DEMO_BOB_PASSWORD: bob.password, DEMO_ACCESS_PASSWORD: access.password,
    DEMO_CALLOG_PASSWORD: callog.password,
  } satisfies Partial<DemoValues>;
}

/** Alice registers what a user may; the password grant is an administrator's to set. */
async function seedApplications(administrator: ManagementApi, alice: ManagementApi) {
  const alices = await DemoApplications.of(alice);
  const m2m = await alices.application('Demo machine-to-machine app', 'machine_to_machine', { scope: PBX });
  const web = await alices.application('Demo web-server app', 'web_server', { scope: WEB_SCOPE, redirect_uris: [WEB_REDIRECT_URI] });
  const browser = await alices.application('Demo browser app', 'browser', { scope: BROWSER_SCOPE, redirect_uris: [BROWSER_REDIRECT_URI] });
  const native = await (await DemoApplications.of(administrator)).application('Demo native app', 'native', { scope: PBX, password_grant: true });
  return {
    DEMO_M2M_CLIENT_ID: m2m.clientId, DEMO_M2M_CLIENT_SECRET: secretOf(m2m), DEMO_WEB_CLIENT_ID: web.clientId, DEMO_WEB_CLIENT_SECRET: secretOf(web),
    DEMO_WEB_REDIRECT_URI: WEB_REDIRECT_URI, DEMO_BROWSER_CLIENT_ID: browser.clientId, DEMO_BROWSER_REDIRECT_URI: BROWSER_REDIRECT_URI,
    DEMO_NATIVE_CLIENT_ID: native.clientId, DEMO_NATIVE_CLIENT_SECRET: secretOf(native),
  } satisfies Partial<DemoValues>;
}

function secretOf({ clientId, clientSecret }: Credentials): string {
  if (clientSecret === undefined) throw new Error(`application ${clientId} was registered without a secret`);
  return clientSecret;
}

/** The command is a process of its own: it ends by itself, and its standard input is nobody's. */
const commandEnvironment = (environment: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => name !== 'STROWGER_PARENT_PIPE'));
