import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '../local-stack/repository-root';
import { packAuth } from './pack-auth';

const HELP = `npm run package:auth -- [--out DIR]

Makes the npm package @strowger/auth of the compiled guard library and all of this repository that it needs.

  --out DIR   where the .tgz is written (default .strowger/packages)
  --help      this text`;

function asked(): { out: string; help: boolean } {
  try {
    const { values } = parseArgs({ options: { out: { type: 'string', default: '.strowger/packages' }, help: { type: 'boolean', default: false } } });
    return { out: resolve(repositoryRoot, values.out), help: values.help };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}\n`);
    process.exit(2);
  }
}

const { out, help } = asked();
process.stdout.write(`${help ? HELP : packAuth(out)}\n`);
