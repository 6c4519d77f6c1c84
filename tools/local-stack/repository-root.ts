import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

function rootAbove(directory: string): string {
  if (existsSync(join(directory, 'package.json'))) return directory;
  if (dirname(directory) === directory) throw new Error('the local stack must run inside its repository');
  return rootAbove(dirname(directory));
}
/** The folder of the repository, whether this runs from the sources or from `dist`. */
export const repositoryRoot = rootAbove(__dirname);
/** A program of the repository as the build left it; `source` is its path from the root, such as `apps/x/src/main.ts`. */
export const builtFile = (source: string): string => join(repositoryRoot, 'dist', source.replace(/\.ts$/, '.js'));
