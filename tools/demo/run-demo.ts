import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { repositoryRoot } from '../local-stack/repository-root';
import { demoFile, setDemoAside } from './demo-values';
import { firstLines } from './first-lines';
import { DemoOptions, seedDemo } from './seed-demo';

/** The demo beside a running stack. */
export interface RunningDemo {
  /** What to read on the screen: where the credentials are, and lines to paste. */
  readonly lines: readonly string[];
  /** The demo's file goes with the system that it speaks of. */
  readonly stop: () => void;
}

/**
 * Seeds the demo where that is still to be done.
 * @throws Error - see `seedDemo`
 */
export async function runDemo(options: DemoOptions): Promise<RunningDemo> {
  const { dataDir } = options, file = demoFile(dataDir);
  await seedDemo(options);
  const shown = shortName(file), readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
  const stop = (): void => { setDemoAside(dataDir); };
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
