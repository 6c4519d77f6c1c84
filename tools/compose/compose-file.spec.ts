import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { appRegistryConfig } from '../../apps/app-registry-service/src/app-registry-service.config';
import { adminConfig } from '../../apps/app-registry-service/src/admin/admin.config';
import { adminConfig as tokenAdminConfig } from '../../apps/token-service/src/admin/admin.config';
import { auditServiceConfig } from '../../apps/audit-service/src/audit-service.config';
import { portalServiceConfig } from '../../apps/portal-service/src/portal-service.config';
import { pbxApiServiceConfig } from '../../apps/pbx-api-service/src/pbx-api-service.config';
import { scopeServiceConfig } from '../../apps/scope-service/src/scope-service.config';
import { tokenServiceConfig } from '../../apps/token-service/src/token-service.config';
import { repositoryRoot } from '../local-stack/repository-root';
import { deploymentValues, nameFor, Values } from './deployment-values';
import { provisionerConfig } from './provisioner/provisioner.config';

interface Service {
  readonly image: string;
  readonly build?: { readonly target: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly networks: readonly string[] | Readonly<Record<string, { readonly ipv4_address?: string } | null>>;
  readonly healthcheck?: unknown;
  readonly restart: string;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly secrets?: readonly { readonly source: string }[];
}
interface Compose { readonly services: Readonly<Record<string, Service>>; readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>; readonly secrets: Readonly<Record<string, { readonly file: string }>> }

const text = readFileSync(join(repositoryRoot, 'docker-compose.yml'), 'utf8'), dockerfile = readFileSync(join(repositoryRoot, 'Dockerfile'), 'utf8');
const VARIABLE = /\$\$|\$\{(\w+)(?::([?-])([^}]*))?\}/g;
/** As compose does: `${NAME:?why}` must be there, `${NAME:-standard}` may be. */
const interpolated = (string: string, values: Values): string => string.replace(VARIABLE, (whole, name: string | undefined, operator: string | undefined, rest: string | undefined) => {
  if (name === undefined) return '$';
  const value = values.get(name) ?? '';
  if (value === '' && operator === '?') throw new Error(`required variable ${name} is missing a value: ${rest ?? ''}`);
  return value === '' && operator === '-' ? rest ?? '' : value;
});
const composeOf = (values: Values): Compose => parse(text, (_key, value: unknown) => (typeof value === 'string' ? interpolated(value, values) : value), { merge: true }) as Compose;
const values = deploymentValues(new Map());
const { services, networks, secrets } = composeOf(values);
const apps = readdirSync(join(repositoryRoot, 'apps'));
const ours = Object.keys(services).filter(name => services[name]?.build !== undefined);
const environmentOf = (name: string): Readonly<Record<string, string>> => services[name]?.environment ?? {};

test('every service of the product has its container and its target in the Dockerfile', () => {
  for (const app of apps) {
    expect(services[app]).toMatchObject({ build: { context: '.', target: app }, image: `strowger/${app}`, restart: 'unless-stopped' });
    expect(dockerfile).toContain(`AS ${app}\nCMD ["node", "--enable-source-maps", "dist/apps/${app}/src/main.js"]`);
  }
  for (const name of ours) expect(dockerfile).toMatch(new RegExp(`^FROM \\S+ AS ${services[name]?.build?.target ?? ''}$`, 'm'));
});

describe('what is published', () => {
  it('is the front door alone, and on the loopback address unless told otherwise', () => {
    expect(Object.keys(services).filter(name => services[name]?.ports !== undefined)).toEqual(['portal-service']);
    expect(composeOf(new Map([...values, ['STROWGER_FRONT_BIND', ''], ['STROWGER_FRONT_PORT', '']])).services['portal-service']?.ports).toEqual(['127.0.0.1:8080:8080']);
    expect(composeOf(deploymentValues(new Map(), { bind: '192.0.2.1', port: 443 })).services['portal-service']?.ports).toEqual(['192.0.2.1:443:8080']);
  });
  it('everything else stands in a network without a way out', () => {
    expect(networks['inside']?.internal).toBe(true);
    for (const [name, service] of Object.entries(services)) if (name !== 'portal-service') expect(service.networks).toEqual(['inside']);
  });
  it('the services believe the address that the front door names, and nobody else\'s', () => {
    const front = services['portal-service']?.networks;
    const address = front && !Array.isArray(front) ? (front as Record<string, { ipv4_address?: string }>)['inside']?.ipv4_address : undefined;
    expect(address).toMatch(/^172\.31\.80\.\d+$/);
    for (const app of apps.filter(name => name !== 'portal-service')) expect(environmentOf(app)['TRUSTED_PROXIES']).toBe(address);
    expect(environmentOf('portal-service')).not.toHaveProperty('TRUSTED_PROXIES');
  });
});

describe('secrets', () => {
  it('are none of them built in: without one of them compose refuses, naming it and what to do', () => {
    const needed = [...new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name = '']) => name))];
    expect(needed.length).toBeGreaterThan(10);
    for (const name of needed) {
      const without = new Map(values);
      without.delete(name);
      expect(() => composeOf(without)).toThrow(`required variable ${name} is missing a value: run "npm run compose:env" first`);
    }
  });
  it('have no default, whatever they are called', () => {
    const optional = [...new Set([...text.matchAll(/\$\{(\w+):-/g)].map(([, name = '']) => name))].sort();
    expect(optional).toEqual(['FRONT_TRUSTED_PROXIES', 'LOG_LEVEL', 'STROWGER_FRONT_ADDRESS', 'STROWGER_FRONT_BIND', 'STROWGER_FRONT_PORT', 'STROWGER_INSECURE', 'STROWGER_SUBNET', 'STROWGER_SUBNET_DYNAMIC']);
    // A variable without an operator would silently be empty.
    expect([...text.matchAll(/\$\{\w+\}|(?<!\$)\$\w+/g)].map(([found]) => found)).toEqual([]);
    expect(secrets['nats-config']?.file).toBe('./.strowger/compose/nats-server.conf');
  });
  it('each service has its own and nobody else\'s', () => {
    const holders = (name: string): string[] => Object.keys(services).filter(service => JSON.stringify(services[service]).includes(values.get(name) ?? 'nothing'));
    expect(holders('MONGODB_ROOT_PASSWORD')).toEqual(['mongodb', 'provisioner']);
    expect(holders('MONGODB_KEYFILE')).toEqual(['mongodb']);
    expect(holders('STROWGER_KEYS')).toEqual(['token-service']);
    expect(holders('MONGODB_PASSWORD')).not.toContain('portal-service');
    for (const app of apps) {
      const besides = ({ 'app-registry-service': ['admin'], 'token-service': ['token-admin'] } as Record<string, string[]>)[app] ?? [];
      for (const prefix of ['NATS_PASSWORD', 'SERVICE_SECRET'] as const) expect([app, ...besides]).toEqual(expect.arrayContaining(holders(nameFor(prefix, app))));
    }
    expect(holders(nameFor('NATS_PASSWORD', 'provisioner'))).toEqual(['provisioner']);
    expect(Object.keys(services).filter(name => services[name]?.secrets !== undefined)).toEqual(['nats']);
  });
});

describe('what a service finds in its environment', () => {
  const starts: Readonly<Record<string, () => unknown>> = {
    'token-service': () => tokenServiceConfig(), 'app-registry-service': () => appRegistryConfig(), 'scope-service': () => scopeServiceConfig(),
    'audit-service': () => auditServiceConfig(), 'pbx-api-service': () => pbxApiServiceConfig(), 'portal-service': () => portalServiceConfig(), provisioner: () => provisionerConfig(), admin: () => adminConfig('/nowhere'),
    'token-admin': () => tokenAdminConfig('/nowhere'),
  };
  const start = (name: string, environment: Readonly<Record<string, string>>): unknown => {
    const printed: string[] = [];
    jest.replaceProperty(process, 'env', { ...environment });
    jest.spyOn(process.stderr, 'write').mockImplementation(line => printed.push(String(line)) > 0);
    jest.spyOn(process, 'exit').mockImplementation(() => { throw new Error(printed.join('')); });
    try { return starts[name]?.(); } finally { jest.restoreAllMocks(); }
  };

  it('is known here of every one of our containers', () => { expect(Object.keys(starts).sort()).toEqual([...ours].sort()); });
  it.each(Object.keys(starts))('%s starts with it', name => { expect(start(name, environmentOf(name))).toBeDefined(); });
  it('would be refused without one of its secrets', () => {
    expect(() => start('token-service', { ...environmentOf('token-service'), STROWGER_KEYS: '' })).toThrow('STROWGER_KEYS is missing');
  });
  it.each(apps)('%s names every address that is none, instead of ending with a stack', name => {
    const environment = environmentOf(name), addresses = Object.keys(environment).filter(variable => /_SERVICE_URL$|^STROWGER_ISSUER$/.test(variable) && (variable !== 'STROWGER_ISSUER' || name !== 'portal-service'));
    for (const bad of ['nope', 'https://', 'https://a b']) {
      for (const variable of addresses) expect(() => start(name, { ...environment, [variable]: bad })).toThrow(`the environment is not usable:\n  ${variable} is bad: `);
    }
  });
  it('S88: an https issuer is taken; one without TLS only aloud', () => {
    const at = (issuer: string, more: readonly (readonly [string, string])[] = []) => composeOf(new Map([...deploymentValues(new Map(), { issuer }), ...more])).services['token-service']?.environment ?? {};
    expect(start('token-service', at('https://auth.example.com'))).toMatchObject({ STROWGER_ISSUER: 'https://auth.example.com' });
    expect(() => start('token-service', at('http://auth.example.com'))).toThrow('must be https');
    expect(start('token-service', at('http://auth.example.com', [['STROWGER_INSECURE', '1']]))).toBeDefined();
  });
});

describe('containers', () => {
  it('of ours run as nobody in particular, read-only, without any capability, and cannot gain one', () => {
    expect(dockerfile).toMatch(/AS runtime[\s\S]*^USER 1000:1000$[\s\S]*AS provisioner/m);
    expect(dockerfile.match(/^USER .*/gm)).toEqual(['USER 1000:1000']);
    for (const name of ours) expect(services[name]).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    for (const service of Object.values(services)) expect(service.privileged).toBeUndefined();
  });
  it('say whether they are ready', () => {
    expect(dockerfile).toMatch(/AS service[\s\S]*^HEALTHCHECK [\s\S]*\/health\/ready/m);
    for (const name of ['mongodb', 'nats']) expect(services[name]?.healthcheck).toMatchObject({ test: expect.any(Array) as unknown });
  });
  it('of ours start when the provisioner has made what they need, and it starts when its servers answer', () => {
    expect(services['provisioner']).toMatchObject({ restart: 'no', depends_on: { mongodb: { condition: 'service_healthy' }, nats: { condition: 'service_healthy' } } });
    for (const name of ours.filter(one => one !== 'provisioner')) expect(services[name]?.depends_on).toEqual({ provisioner: { condition: 'service_completed_successfully' } });
  });
  it('are of named versions: MongoDB 8, NATS 2.12 or newer, Node 24', () => {
    expect(services['mongodb']?.image).toMatch(/^mongo:8\.\d+$/);
    expect(Number(/^nats:2\.(\d+)-alpine$/.exec(services['nats']?.image ?? '')?.[1])).toBeGreaterThanOrEqual(12);
    expect(dockerfile).toContain('ARG NODE_IMAGE=node:24-');
  });
  it('are built without secrets, data and tests', () => {
    const ignored = readFileSync(join(repositoryRoot, '.dockerignore'), 'utf8').split('\n').filter(line => line !== '' && !line.startsWith('#'));
    expect(ignored[0]).toBe('*');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
    expect([...new Set(copied)].sort()).toEqual(ignored.filter(line => line.startsWith('!')).map(line => line.slice(1)).sort());
  });
});
