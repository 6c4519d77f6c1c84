import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../local-stack/repository-root';
import { citationsIn, OWN_TESTS } from './test-results';

const JEST = 'node_modules/jest/bin/jest.js';

/** The test files whose text names an item of the checklist, from the folder of the repository. */
export function citingFiles(): string[] {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*spec.ts'], { cwd: repositoryRoot, encoding: 'utf8' }).split('\n').filter(file => file !== '' && !file.startsWith(OWN_TESTS));
  return files.filter(file => existsSync(join(repositoryRoot, file)) && citationsIn(readFileSync(join(repositoryRoot, file), 'utf8')).length > 0);
}

/**
 * Runs those files, with jest's own progress on the screen, and gives jest's report.
 * @throws Error - jest ended without one
 */
export async function runCitingTests(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'strowger-security-')), report = join(folder, 'report.json');
  try {
    const args = ['--experimental-vm-modules', '--no-warnings', JEST, '--json', `--outputFile=${report}`, '--runTestsByPath', ...citingFiles()];
    const child = spawn(process.execPath, args, { cwd: repositoryRoot, stdio: ['ignore', 'ignore', 'inherit'] });
    const code = await new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve); });
    if (!existsSync(report)) throw new Error(`jest ended with ${String(code)} and without a report`);
    return readFileSync(report, 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
