import { execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { table } from '../../bench/table';
import type { Outcome } from './codes.trial';

/** `seed`: the first round's, and the only one then. `file`: only test files whose path has this in it. */
export interface Hunt { readonly minutes: number; readonly times: number; readonly seed: number | undefined; readonly file: string | undefined }
interface Report { readonly numPassedTests: number; readonly testResults: readonly { readonly name: string; readonly message: string; readonly assertionResults: readonly { readonly status: string; readonly fullName: string; readonly failureMessages: readonly string[] }[] }[] }

const ROOT = resolve(__dirname, '../..'), MAX_SEED = 2 ** 31 - 1, MOST_LINES = 40, FRAME = /^\s+at .*node_modules/, LONGEST_TEST_MS = 3_600_000;

/** The tests that state properties: those that use fast-check, and those that run a behaviour suite that does. */
export function filesWithProperties(): string[] {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'apps', 'libs', 'tools', 'test'], { cwd: ROOT, encoding: 'utf8' }).split('\n').filter(file => /\.(spec|int-spec|behaviour)\.ts$/.test(file));
  const text = new Map(files.map(file => [file, readFileSync(join(ROOT, file), 'utf8')]));
  const using = files.filter(file => /from 'fast-check'/.test(text.get(file) ?? ''));
  const suites = using.filter(file => file.endsWith('.behaviour.ts')).map(file => `/${basename(file, '.ts')}'`);
  return files.filter(file => !file.endsWith('.behaviour.ts') && (using.includes(file) || suites.some(suite => text.get(file)?.includes(suite))));
}

/**
 * All property tests again and again, each time with another seed: those without I/O with `times` the inputs that `npm test` gives them, the others with as many.
 * What fails is told with the line that repeats it, and its file is left out from then on.
 */
export async function propertiesTrial({ minutes, times, seed, file }: Hunt, log: (line: string) => void): Promise<Outcome> {
  let files = filesWithProperties().filter(path => file === undefined || path.includes(file));
  const end = Date.now() + minutes * 60_000, rows: string[][] = [];
  if (files.length === 0) throw new Error(`no property test is in a file with ${String(file)} in its path`);
  do {
    const ours = seed ?? randomInt(MAX_SEED), began = Date.now(), found: string[] = [];
    log(`seed ${String(ours)}: ${String(files.length)} files, ${String(times)} times the inputs`);
    let passed = 0;
    for (const [each, many] of [[files.filter(path => path.endsWith('.spec.ts')), times], [files.filter(path => path.endsWith('.int-spec.ts')), 1]] as const) {
      if (each.length === 0) continue;
      const report = await jest(each, { seed: ours, times: many });
      passed += report.numPassedTests;
      for (const { name, message, assertionResults } of report.testResults) {
        const path = name.slice(ROOT.length + 1), failed = assertionResults.filter(({ status }) => status === 'failed');
        if (failed.length === 0 && assertionResults.length > 0) continue;
        found.push(path);
        for (const { fullName, failureMessages } of failed.length > 0 ? failed : [{ fullName: 'the file as a whole', failureMessages: [message] }]) {
          log(`\n${path}: ${fullName}\n${failureMessages.join('\n').split('\n').filter(line => !FRAME.test(line)).slice(0, MOST_LINES).join('\n')}\nagain: npm run test:trials -- properties --seed ${String(ours)} --times ${String(times)} --file ${path}\n`);
        }
      }
    }
    files = files.filter(path => !found.includes(path));
    rows.push([String(ours), String(passed), found.join(', ') || '–', ((Date.now() - began) / 1000).toFixed(0)]);
  } while (seed === undefined && files.length > 0 && Date.now() < end);
  return { good: rows.every(([, , found]) => found === '–'), table: table(['seed', 'tests passed', 'failed', 's'], rows) };
}

/** Jest of these files with another seed (test/seeded-fast-check.cjs). @throws Error - it ended without a report */
async function jest(files: readonly string[], { seed, times }: { readonly seed: number; readonly times: number }): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'strowger-properties-')), report = join(folder, 'report.json');
  try {
    const args = ['--experimental-vm-modules', '--no-warnings', join(ROOT, 'node_modules/jest/bin/jest.js'), '--silent', '--testTimeout', String(LONGEST_TEST_MS), '--json', '--outputFile', report, '--runTestsByPath', ...files];
    const env = { ...process.env, PROPERTY_SEED: String(seed), PROPERTY_TIMES: String(times) };
    const code = await new Promise<number | null>((ended, failed) => { spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore', env }).once('error', failed).once('close', ended); });
    try { return JSON.parse(readFileSync(report, 'utf8')) as Report; } catch (error) { throw new Error(`jest ended with exit code ${String(code)} and without a report`, { cause: error }); }
  } finally { rmSync(folder, { recursive: true, force: true }); }
}
