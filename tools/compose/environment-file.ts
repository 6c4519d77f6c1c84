import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Values } from './deployment-values';

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:'([^']*)'|"([^"$\\]*)"|([^\s'"#$\\]*))\s*(?:#.*)?$/;
const HEADING = '# Made by npm run compose:env; what stands here is kept when it runs again. Secret: for its owner alone.';

/** `.env` as somebody may have left it: its lines, comments among them, and the values they give. */
export interface EnvironmentFile { readonly lines: readonly string[]; readonly values: Values }

/** @throws Error - a line is neither empty, nor a comment, nor `NAME=value` with a plain value; nothing was changed */
export function readEnvironment(file: string): EnvironmentFile {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').replace(/\n$/, '').split('\n') : [HEADING];
  const values = new Map<string, string>();
  for (const [at, line] of lines.entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const [, name, single, double, bare] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined) throw new Error(`${file}: line ${String(at + 1)} is not NAME='value': mend it first`);
    values.set(name, single ?? double ?? bare ?? '');
  }
  return { lines, values };
}

/** The text of a file with these values: lines that give another value are replaced where they stand, those of a value that is gone are left out, new ones follow at the end. */
export function environmentText({ lines, values: before }: EnvironmentFile, values: Values): string {
  const isChanged = (name: string): boolean => before.has(name) && before.get(name) !== values.get(name);
  const lineOf = (name: string): string => `${name}='${values.get(name) ?? ''}'`;
  const kept = lines.flatMap(line => {
    const name = ASSIGNMENT.exec(line)?.[1];
    if (name === undefined || !isChanged(name)) return line;
    return values.has(name) ? lineOf(name) : [];
  });
  return `${[...kept, ...[...values.keys()].filter(name => !before.has(name)).map(lineOf)].join('\n')}\n`;
}

/** Writes a file that its owner alone can read; it is there whole or not at all. */
export function writeSecretFile(file: string, text: string): void {
  const fresh = `${file}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, text, { mode: 0o600 });
  renameSync(fresh, file);
}
