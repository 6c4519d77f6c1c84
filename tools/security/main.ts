import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../local-stack/repository-root';
import { parseChecklist } from './checklist';
import { HELP, Options, parseOptions } from './options';
import { runCitingTests } from './run-citing-tests';
import { judge, summaryText, tableText } from './security-table';
import { parseResults } from './test-results';

const complain = (error: unknown): void => { process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`); };

function parsed(): Options | undefined {
  try { return parseOptions(process.argv.slice(2)); } catch (error) { complain(error); return undefined; }
}

/** Prints the table; gives whether nothing failed. */
async function run({ results, summary }: Options): Promise<boolean> {
  const items = parseChecklist(readFileSync(join(repositoryRoot, 'docs/security-checklist.md'), 'utf8'));
  const report = results === undefined ? await runCitingTests() : readFileSync(results, 'utf8');
  const table = judge(items, parseResults(report, repositoryRoot));
  process.stdout.write(summary ? summaryText(table) : tableText(table));
  return table.problems.length === 0;
}

const options = parsed();
if (options?.help !== false) {
  process.stdout.write(`${HELP}\n`);
  process.exitCode = options === undefined ? 2 : 0;
} else {
  run(options).then(clean => { process.exitCode = clean ? 0 : 1; }, (error: unknown) => { complain(error); process.exitCode = 1; });
}
