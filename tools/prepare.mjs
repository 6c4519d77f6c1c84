// Runs before `npm start` and `npm test`, on whatever Node the machine has (20 or newer) and before anything is installed: installs
// the packages and builds, each only where it is needed. With nothing to do it takes a fraction of a second.
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const modified = path => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const SOURCES = ['apps', 'libs', 'tools'], CONFIGURATIONS = ['package.json', 'nest-cli.json', 'tsconfig.json', '.swcrc'];
const STAMP = at('dist', '.built');

/** All files and folders below a folder: a folder's time changes when a file in it is added or removed. */
function* below(folder) {
  if (!existsSync(folder)) return;
  yield folder;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) yield* below(join(folder, entry.name));
    else yield join(folder, entry.name);
  }
}

/** Runs npm, says after two seconds and then every ten that it is still at work, and shows its output if it fails. */
function npm(what, args) {
  return new Promise(resolve => {
    const startedAt = Date.now(), seconds = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
    const cli = process.env.npm_execpath;
    const [command, rest] = cli?.endsWith('.js') ? [process.execPath, [cli, ...args]] : ['npm', args];
    const child = spawn(command, rest, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '', slow = false;
    const tell = () => { slow = true; console.log(`${what}: ${seconds()}`); };
    const first = setTimeout(tell, 2000), later = setInterval(tell, 10_000);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', data => { output += data; });
    const ended = why => {
      clearTimeout(first);
      clearInterval(later);
      if (why === undefined) { if (slow) console.log(`${what}: done in ${seconds()}`); resolve(); return; }
      console.error(`${output.trim()}\n\n${what} failed (${why}): npm ${args.join(' ')}`);
      process.exit(1);
    };
    child.once('error', error => ended(error.message));
    child.once('close', (code, signal) => ended(code === 0 ? undefined : signal ?? `exit code ${code}`));
  });
}

async function install() {
  if (modified(at('node_modules', '.package-lock.json')) >= modified(at('package-lock.json'))) return;
  if (lstatSync(at('node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
    console.error('node_modules is a symbolic link: npm ci would empty the folder it points to. Remove the link, or install there yourself.');
    process.exit(1);
  }
  console.log('installing the packages (npm ci, about a minute)');
  await npm('installing', ['ci', '--no-audit', '--no-fund', '--prefer-offline']);
  // npm may keep the time of an unchanged lockfile: without this the next start would install again.
  const now = new Date();
  utimesSync(at('node_modules', '.package-lock.json'), now, now);
}

async function build() {
  const built = modified(STAMP), inputs = [...CONFIGURATIONS.map(name => at(name)), ...SOURCES.flatMap(folder => [...below(at(folder))])];
  if (built > 0 && inputs.every(path => modified(path) < built)) return;
  const startedAt = new Date();
  await npm('building', ['run', '--silent', 'build']);
  for (const folder of SOURCES) {
    for (const path of below(at('dist', folder))) {
      const source = at(relative(at('dist'), path).replace(/\.js(\.map)?$/, '.ts'));
      if (/\.js(\.map)?$/.test(path) && !existsSync(source)) rmSync(path);
    }
  }
  writeFileSync(STAMP, '');
  utimesSync(STAMP, startedAt, startedAt);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node 20.19 or newer is needed, this is ${process.versions.node}`);
  process.exit(1);
}
await install();
await build();
