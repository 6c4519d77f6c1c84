import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../local-stack/error-code';

const FILE = 'demo.env', SET_ASIDE = '.demo.env';
const LINE = /^([A-Z][A-Z0-9_]*)='([^']*)'$/;

/** The names of the demo's values, in the order in which they are written. */
export const demoNames = [
  'STROWGER_URL', 'DEMO_TENANT_ID', 'DEMO_ADMIN_PASSWORD', 'DEMO_AUDITOR_PASSWORD', 'DEMO_ALICE_PASSWORD', 'DEMO_BOB_PASSWORD', 'DEMO_ACCESS_PASSWORD',
  'DEMO_CALLOG_PASSWORD', 'DEMO_M2M_CLIENT_ID', 'DEMO_M2M_CLIENT_SECRET', 'DEMO_ADMIN_CLIENT_ID', 'DEMO_ADMIN_CLIENT_SECRET', 'DEMO_WEB_CLIENT_ID',
  'DEMO_WEB_CLIENT_SECRET', 'DEMO_WEB_REDIRECT_URI', 'DEMO_BROWSER_CLIENT_ID', 'DEMO_BROWSER_REDIRECT_URI', 'DEMO_NATIVE_CLIENT_ID',
  'DEMO_NATIVE_CLIENT_SECRET',
] as const;
/** Where the demo is and what opens it: each value is text that can stand between single quotes. */
const DemoValues = z.record(z.enum(demoNames), z.string().regex(/^[^'\r\n]+$/));
export type DemoValues = Readonly<z.infer<typeof DemoValues>>;

/** The file of a data folder that a shell can `source`. */
export const demoFile = (dataDir: string): string => join(dataDir, FILE);

/** `NAME='value'` lines as a map; undefined where there is no such file. @throws Error - a line of another form */
export function readAssignments(file: string): ReadonlyMap<string, string> | undefined {
  const text = textOf(file);
  if (text === undefined) return undefined;
  return new Map(text.split('\n').filter(line => line.trim() !== '' && !line.startsWith('#')).map((line, at) => {
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`${file}: line ${String(at + 1)} is not NAME='value'`);
    return [name, value];
  }));
}

/**
 * Sets the file of an earlier run aside, so that it appears when the system is ready and not before.
 * What it says is not lost: `bringBackDemo` finds it.
 */
export function setDemoAside(dataDir: string): void {
  try { renameSync(demoFile(dataDir), join(dataDir, SET_ASIDE)); } catch (error) { ifMissing(error); }
}

/** Writes the file of an earlier run again, with the URL of this one. False where there was none that is whole. */
export function bringBackDemo(dataDir: string, url: string): boolean {
  const before = readAssignments(join(dataDir, SET_ASIDE)) ?? readAssignments(demoFile(dataDir));
  const values = DemoValues.safeParse({ ...before && Object.fromEntries(before), STROWGER_URL: url });
  if (values.success) writeDemo(dataDir, values.data);
  return values.success;
}

/** Writes the values, readable by their owner alone; the file is there whole or not at all. @throws ZodError - a value that no shell could read back */
export function writeDemo(dataDir: string, values: DemoValues): void {
  const whole = DemoValues.parse(values), file = demoFile(dataDir), fresh = `${file}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, demoNames.map(name => `${name}='${whole[name]}'\n`).join(''), { mode: 0o600 });
  renameSync(fresh, file);
  rmSync(join(dataDir, SET_ASIDE), { force: true });
}

function textOf(file: string): string | undefined {
  try { return readFileSync(file, 'utf8'); } catch (error) { ifMissing(error); return undefined; }
}
function ifMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}
