import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const root = resolve(__dirname, '..');
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'apps', 'libs', 'tools', 'test'], { cwd: root, encoding: 'utf8' })
  .split('\n').filter(file => file.endsWith('.ts'));
const isTest = (file: string): boolean => /\.(spec|int-spec|e2e-spec|behaviour|fixture)\.ts$/.test(file) || file.startsWith('test/');
const source = (file: string): string => readFileSync(join(root, file), 'utf8');
/** Without comments. */
const code = (file: string): string => source(file).replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$|\s\/\/ .*$/gm, '');
const product = files.filter(file => !isTest(file) && (file.startsWith('apps/') || file.startsWith('libs/')));

interface Import { readonly file: string; readonly target: string }
const imports: readonly Import[] = files.flatMap(file => [...source(file).matchAll(/(?:from|import|require\()\s*'([^']+)'/g)].map(([, target = '']) => ({ file, target })));
const productImports = imports.filter(({ file }) => product.includes(file));
const libOf = (file: string): string | undefined => /^libs\/([^/]+)\//.exec(file)?.[1];
const appOf = (file: string): string | undefined => /^apps\/([^/]+)\//.exec(file)?.[1];
const targetLib = ({ target }: Import): string | undefined => /^@strowger\/([^/]+)\//.exec(target)?.[1];
const shown = (found: readonly Import[]): string[] => found.map(({ file, target }) => `${file} imports ${target}`);

/** What a library may import besides itself: other libraries, and packages (any where nothing is said). */
const mayImport: Readonly<Record<string, { readonly libs: readonly string[]; readonly packages?: readonly RegExp[] }>> = {
  contracts: { libs: [], packages: [/^zod$/] },
  'oauth-core': { libs: [], packages: [/^node:crypto$/] },
  models: { libs: ['oauth-core', 'contracts'] },
  messaging: { libs: ['contracts'] },
  auth: { libs: ['oauth-core', 'contracts', 'messaging'] },
  credentials: { libs: [] },
  service: { libs: [] },
};
/** Who may import what changes a collection: its one writer. */
const ownerOf: Readonly<Record<string, string>> = { applications: 'app-registry-service', accounts: 'app-registry-service', tenants: 'app-registry-service', scopes: 'scope-service', 'scope-changes': 'scope-service',
  'audit-events': 'audit-service', 'audit-postings': 'audit-service', 'audit-dead-letters': 'audit-service',
  'access-tokens': 'token-service', grants: 'token-service', consents: 'token-service', 'signing-keys': 'token-service', 'secret-uses': 'token-service',
  'sign-in-addresses': 'token-service', 'login-sessions': 'token-service', 'authorization-transactions': 'token-service', 'device-authorizations': 'token-service', reconciliations: 'token-service', heartbeats: 'token-service', pbx: 'pbx-api-service',
};

/** Every service has its own entries in these. */
const everyServices: ReadonlySet<string> = new Set(['outbox', 'rate-limits']);

test('every library is named once, and tsconfig, swc and nest know the same ones', () => {
  const libs = readdirSync(join(root, 'libs')).sort();
  const paths = Object.fromEntries(libs.map(lib => [`@strowger/${lib}/*`, [`./libs/${lib}/src/*`]]));
  const read = (file: string) => JSON.parse(source(file)) as { compilerOptions: { paths: unknown }; jsc: { paths: unknown }; projects: Record<string, unknown> };
  expect(Object.keys(mayImport).sort()).toEqual(libs);
  expect(read('tsconfig.json').compilerOptions.paths).toEqual(paths);
  expect(read('.swcrc').jsc.paths).toEqual(paths);
  expect(Object.keys(read('nest-cli.json').projects).sort()).toEqual([...libs, ...readdirSync(join(root, 'apps'))].sort());
});

test('a library imports only the libraries and packages it may', () => {
  const wrong = productImports.filter(one => {
    const lib = libOf(one.file), to = targetLib(one);
    const allowed = lib === undefined ? undefined : mayImport[lib];
    if (!allowed || one.target.startsWith('.')) return false;
    return to === undefined ? allowed.packages?.every(name => !name.test(one.target)) === true : !allowed.libs.includes(to);
  });
  expect(shown(wrong)).toEqual([]);
});

test('nothing reaches into another app or library by a relative path', () => {
  const wrong = productImports.filter(({ file, target }) => {
    if (!target.startsWith('.')) return false;
    const to = join(dirname(file), target);
    return appOf(`${to}/`) !== appOf(file) || libOf(`${to}/`) !== libOf(file);
  });
  expect(shown(wrong)).toEqual([]);
});

test('oauth2orize stands at the rim, mongoose in the models, the bus client in messaging', () => {
  const only = (name: RegExp, where: RegExp) => productImports.filter(({ file, target }) => name.test(target) && !where.test(file));
  expect(shown(only(/^oauth2orize$/, /\/oauth2orize-[a-z]+\.server\.ts$/))).toEqual([]);
  expect(shown(only(/^(mongoose|mongodb|bson)$/, /^libs\/models\//))).toEqual([]);
  expect(shown(only(/^@nats-io\//, /^libs\/messaging\//))).toEqual([]);
});

test('a collection is changed by its one owner only', () => {
  const wrong = productImports.filter(({ file, target }) => {
    const [, collection = ''] = /@strowger\/models\/([^/]+)\/.*\.(?:writer|store)$/.exec(target) ?? [];
    return collection !== '' && !everyServices.has(collection) && ownerOf[collection] !== appOf(file);
  });
  expect(shown(wrong)).toEqual([]);
});

test('the environment is read in *.config.ts only', () => {
  expect(files.filter(file => !isTest(file) && !file.endsWith('.config.ts') && /process\.env\b/.test(code(file)))).toEqual([]);
});

test('there are no drawers, no barrels, no default exports, no any', () => {
  const drawers = files.filter(file => /(^|\/)(utils?|helpers?|common|shared|misc)(\/|\.)/.test(file) || basename(file) === 'index.ts');
  expect(drawers).toEqual([]);
  expect(files.filter(file => /^export default/m.test(source(file)))).toEqual([]);
  expect(files.filter(file => !isTest(file) && /(:\s*any\b|\bas any\b|<any>)/.test(code(file)))).toEqual([]);
});

test('file names are kebab-case, and no file is longer than 300 lines', () => {
  expect(files.filter(file => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*\.ts$/.test(basename(file)))).toEqual([]);
  expect(files.filter(file => !isTest(file) && source(file).split('\n').length > 301)).toEqual([]);
});

test('a word that says unfinished stands nowhere in the product', () => {
  expect(product.filter(file => /\b(TODO|FIXME|XXX|HACK|not implemented)\b/.test(source(file)))).toEqual([]);
});
