import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { repositoryRoot } from '../local-stack/repository-root';
import { demoFile, setDemoAside } from './demo-values';
import { firstLines } from './first-lines';
import { DemoBus, runScopeAnnouncer } from './run-scope-announcer';
import { DemoOptions, seedDemo } from './seed-demo';

/** The demo beside a running stack. */
export interface RunningDemo {
  /** What to read on the screen: where the credentials are, and lines to paste. */
  readonly lines: readonly string[];
  /** Announces no more; the demo's file goes with the system that it speaks of. */
  readonly stop: () => Promise<void>;
}

/**
 * Announces the PBX's scopes for as long as the stack runs, and seeds the demo where that is still to be done.
 * @throws Error - see `seedDemo`; the announcing has stopped
 */
export async function runDemo(options: DemoOptions & DemoBus): Promise<RunningDemo> {
  const { dataDir } = options, file = demoFile(dataDir), announcer = runScopeAnnouncer(options);
  try { await seedDemo(options); } catch (error) { await announcer.stop(); throw error; }
  const shown = shortName(file), readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
  const stop = async (): Promise<void> => { setDemoAside(dataDir); await announcer.stop(); };
  return { stop, lines: [`demo PBX: passwords and client secrets are in ${relative(process.cwd(), shown)}`, '', firstLines(readme, shown)] };
}

/** The data folder of a default start has a shorter name for it beside: `.strowger/demo.env`. */
function shortName(file: string): string {
  const folder = dirname(dirname(file));
  if (folder !== join(repositoryRoot, '.strowger')) return file;
  const link = join(folder, basename(file));
  rmSync(link, { force: true });
  symlinkSync(relative(folder, file), link);
  return link;
}
