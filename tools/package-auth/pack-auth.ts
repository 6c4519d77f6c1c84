import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { repositoryRoot as root } from '../local-stack/repository-root';

/** What a user of the package imports, `@strowger/auth/<name>`, and the file of libs/auth that it is. */
const doors = {
  express: 'express', fastify: 'fastify', nest: 'nest', passport: 'bearer.strategy', guard: 'guard', 'assert-may': 'assert-may', need: 'need', 'api-error': 'api-error', 'api-error-answer': 'api-error-answer',
  'guarded-request': 'guarded-request', 'auth.config': 'auth.config',
} as const;
/** Needed by one door alone. */
const optional: ReadonlySet<string> = new Set(['@nestjs/common', '@nestjs/core', 'passport', 'reflect-metadata', 'rxjs', 'fastify']);
const Package = z.object({ version: z.string(), license: z.string(), dependencies: z.record(z.string(), z.string()) });
const sourceOf = (name: string): string => `libs/auth/src/${name}`;
const packageOf = (specifier: string): string => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** Puts the package together and packs it into `out`; gives the file's path. @throws Error - something is not built, or npm or tsc fails */
export function packAuth(out: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'strowger-package-'));
  try {
    const { files, packages } = reachable();
    for (const file of files) cpSync(join(root, 'dist', file), join(folder, file));
    writeTypes(folder, files);
    writeFileSync(join(folder, 'package.json'), JSON.stringify(packageJson(packages), undefined, 2));
    cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
    cpSync(join(root, 'docs', 'protect-your-service.md'), join(folder, 'README.md'));
    mkdirSync(out, { recursive: true });
    const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', out], { cwd: folder, encoding: 'utf8' });
    return join(out, packed.trim());
  } finally { rmSync(folder, { recursive: true, force: true }); }
}

/** The compiled files that the doors need, and the packages. */
function reachable(): { files: ReadonlySet<string>; packages: ReadonlySet<string> } {
  const files = new Set<string>(), packages = new Set<string>(), waiting = Object.values(doors).map(name => `${sourceOf(name)}.js`);
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const [, target = ''] of readFileSync(join(root, 'dist', file), 'utf8').matchAll(/require\("([^"]+)"\)/g)) {
      if (target.startsWith('.')) waiting.push(`${join(dirname(file), target)}.js`);
      else if (!target.startsWith('node:')) packages.add(packageOf(target));
    }
  }
  return { files, packages };
}

function packageJson(packages: ReadonlySet<string>): object {
  const { version, license, dependencies } = Package.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const versions = (wanted: boolean): Record<string, string> => Object.fromEntries([...packages].filter(name => optional.has(name) === wanted).sort().map(name => [name, dependencies[name] ?? '*']));
  const peers = versions(true);
  return {
    name: '@strowger/auth', version, license, description: 'Protects an API with Strowger\'s access tokens: Express, Fastify, NestJS, passport.', engines: { node: '>=22.12' },
    exports: Object.fromEntries(Object.entries(doors).map(([name, file]) => [`./${name}`, { types: `./${sourceOf(file)}.d.ts`, default: `./${sourceOf(file)}.js` }])),
    dependencies: versions(false), peerDependencies: peers, peerDependenciesMeta: Object.fromEntries(Object.keys(peers).map(name => [name, { optional: true }])),
  };
}

/** Declarations of the same files, their imports of our libraries by relative paths. */
function writeTypes(folder: string, files: ReadonlySet<string>): void {
  const project = join(folder, 'tsconfig.types.json');
  writeFileSync(project, JSON.stringify({
    extends: join(root, 'tsconfig.json'), files: Object.values(doors).map(name => join(root, `${sourceOf(name)}.ts`)), exclude: [],
    compilerOptions: { declaration: true, emitDeclarationOnly: true, noEmit: false, incremental: false, sourceMap: false, outDir: folder, rootDir: root, types: ['node'], typeRoots: [join(root, 'node_modules', '@types')],
      paths: Object.fromEntries(['auth', 'contracts', 'messaging', 'oauth-core'].map(lib => [`@strowger/${lib}/*`, [join(root, 'libs', lib, 'src', '*')]])) },
  }));
  execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project], { stdio: ['ignore', 'inherit', 'inherit'] });
  rmSync(project);
  for (const file of globSync('libs/*/src/**/*.d.ts', { cwd: folder })) {
    if (!files.has(file.replace(/\.d\.ts$/, '.js')) && !existsSync(join(root, 'dist', file.replace(/\.d\.ts$/, '.js')))) continue;
    const text = readFileSync(join(folder, file), 'utf8').replace(/(["'])@strowger\/([^/"']+)\/([^"']+)\1/g, (_all, quote: string, lib: string, name: string) => {
      const path = relative(dirname(file), `libs/${lib}/src/${name}`);
      return `${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`;
    });
    writeFileSync(join(folder, file), text);
  }
}
