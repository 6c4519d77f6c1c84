import { z } from 'zod';

/** A test as it ended, and the checklist's numbers in its title or in those it stands under. */
export interface CitingTest { readonly file: string; readonly title: string; readonly passed: boolean; readonly cites: readonly number[] }
/** What a run of the tests says about the checklist. */
export interface TestResults {
  readonly tests: readonly CitingTest[];
  /** Files that could not be run at all: nobody knows what their tests would have said. */
  readonly broken: readonly string[];
}

const JestReport = z.object({
  testResults: z.array(z.object({
    name: z.string(),
    status: z.string(),
    assertionResults: z.array(z.object({ ancestorTitles: z.array(z.string()), title: z.string(), status: z.string() })),
  })),
});
/** Tests of this table itself play with numbers; they prove nothing of the product. */
export const OWN_TESTS = 'tools/security/';
const CITATION = /\bS(\d{1,2})\b/g;

/** The numbers that a title cites, as in `S33, S47: …`; each once. */
export const citationsIn = (title: string): number[] => [...new Set([...title.matchAll(CITATION)].map(([, number]) => Number(number)))];

/**
 * Reads a report of jest (`--json`). A test that was skipped has not passed.
 * @throws SyntaxError, ZodError - it is none
 */
export function parseResults(report: string, root: string): TestResults {
  const { testResults } = JestReport.parse(JSON.parse(report));
  const nameOf = (file: string): string => (file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file);
  const tests = testResults.flatMap(({ name, assertionResults }) => assertionResults.map(({ ancestorTitles, title, status }) => {
    const whole = [...ancestorTitles, title].join(' › ');
    return { file: nameOf(name), title: whole, passed: status === 'passed', cites: citationsIn(whole) };
  }));
  return {
    tests: tests.filter(({ file, cites }) => cites.length > 0 && !file.startsWith(OWN_TESTS)),
    broken: testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0).map(({ name }) => nameOf(name)),
  };
}
