import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** The first file of this name in `folders` that may be executed. */
export function findProgram(name: string, folders: readonly string[]): string | undefined {
  return folders.map(folder => join(folder, name)).find(file => {
    try { accessSync(file, constants.X_OK); return statSync(file).isFile(); } catch { return false; }
  });
}

/** What `<program> --version` says its version is, such as `2.12.1`; undefined where it cannot be run or says nothing of the kind. */
export function versionOf(program: string): Promise<string | undefined> {
  return new Promise(resolve => {
    execFile(program, ['--version'], { timeout: 10_000 }, (error, stdout) => { resolve(error ? undefined : /v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1]); });
  });
}

/** Whether `version` is `least` or newer; both `major.minor…`. */
export function isAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number), [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
