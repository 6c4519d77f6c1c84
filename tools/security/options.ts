import { parseArgs } from 'node:util';

export const HELP = `npm run security [-- --results FILE] [--summary]

Prints the security checklist (docs/security-checklist.md): each item, the tests that cite it (S47 in their titles) and their result.
Fails where a MUST item in scope has a failing test or none.

  --results FILE   a report that is there already (npm test -- --json --outputFile=FILE), instead of running the citing tests now
  --summary        only the figures by class and what fails
  --help           this text`;

export interface Options { readonly results: string | undefined; readonly summary: boolean; readonly help: boolean }

/** @throws Error - an unknown option, or a value is missing; the message says which */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({ args: [...args], strict: true, allowPositionals: false, options: { results: { type: 'string' }, summary: { type: 'boolean' }, help: { type: 'boolean' } } });
  return { results: values.results, summary: values.summary === true, help: values.help === true };
}
