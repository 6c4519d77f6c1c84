import { ChecklistItem } from './checklist';
import { CitingTest, TestResults } from './test-results';

/** `partly`: what is there passes, the rest waits; `lost`: in scope and no test cites it. */
export type Verdict = 'passed' | 'failed' | 'partly' | 'waiting' | 'lost';
/** An item and what the tests say of it. */
export interface Judged { readonly item: ChecklistItem; readonly tests: readonly CitingTest[]; readonly verdict: Verdict }
/** The checklist, judged. */
export interface SecurityTable {
  readonly rows: readonly Judged[];
  /** MUST items that fail or lost their test. */
  readonly mustFailures: readonly Judged[];
  /** Everything for which the run fails, one line each. */
  readonly problems: readonly string[];
}

function verdictOf({ waitsFor }: ChecklistItem, tests: readonly CitingTest[]): Verdict {
  if (tests.some(({ passed }) => !passed)) return 'failed';
  if (waitsFor !== undefined) return tests.length > 0 ? 'partly' : 'waiting';
  return tests.length > 0 ? 'passed' : 'lost';
}

/** Judges every item by the tests that cite it. An item in scope (nothing it waits for) needs at least one, and all of them passed. */
export function judge(items: readonly ChecklistItem[], { tests, broken }: TestResults): SecurityTable {
  const rows = items.map(item => {
    const citing = tests.filter(({ cites }) => cites.includes(item.number));
    return { item, tests: citing, verdict: verdictOf(item, citing) };
  });
  const mustFailures = rows.filter(({ item, verdict }) => item.must && (verdict === 'failed' || verdict === 'lost'));
  const known = new Set(items.map(({ number }) => number));
  const strays = tests.flatMap(({ file, title, cites }) => cites.filter(number => !known.has(number)).map(number => `S${String(number)} is no item of the checklist, but ${file} cites it: ${title}`));
  const failing = mustFailures.map(({ item, verdict }) => `S${String(item.number)} ${verdict === 'lost' ? 'is in scope and no test cites it' : 'has a failing test'}`);
  return { rows, mustFailures, problems: [...failing, ...strays, ...broken.map(file => `${file} could not be run: what its tests cite is not proved`)] };
}

const SHOWN_TITLES = 2;
const WORDS: Readonly<Record<Verdict, string>> = { passed: 'passed', failed: 'FAILED', partly: 'partly', waiting: 'no test yet', lost: 'NO TEST' };

/** The tests of one file: how many passed, and the titles of those that did not, or of the first ones. */
function fileLines(tests: readonly CitingTest[]): string[] {
  const byFile = Map.groupBy(tests, ({ file }) => file);
  return [...byFile].sort(([a], [b]) => a.localeCompare(b)).flatMap(([file, all]) => {
    const failed = all.filter(({ passed }) => !passed), shown = failed.length > 0 ? failed : all.slice(0, SHOWN_TITLES), rest = all.length - shown.length;
    const counts = [`${String(all.length - failed.length)} passed`, ...(failed.length > 0 ? [`${String(failed.length)} FAILED`] : [])].join(', ');
    return [`        ${file}: ${counts}`, ...shown.map(({ title, passed }) => `          ${passed ? '' : 'FAILED '}${title.replace(/\s+/g, ' ')}`), ...(failed.length === 0 && rest > 0 ? [`          and ${String(rest)} more`] : [])];
  });
}

function rowLines({ item, tests, verdict }: Judged): string[] {
  const waiting = item.waitsFor === undefined ? [] : [`        ${tests.length > 0 ? 'the rest belongs to' : 'belongs to'}: ${item.waitsFor}`];
  return [`  ${`S${String(item.number)}`.padEnd(4)}${item.must ? 'MUST  ' : 'SHOULD'}  ${WORDS[verdict].padEnd(11)}  ${item.text}`, ...waiting, ...fileLines(tests)];
}

/** `passed / in scope (waiting, partly)` of a class of items. */
function figure(name: string, rows: readonly Judged[]): string {
  const of = (...verdicts: readonly Verdict[]): number => rows.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const inScope = rows.filter(({ item }) => item.waitsFor === undefined), passed = inScope.filter(({ verdict }) => verdict === 'passed').length;
  const failing = rows.length - inScope.length - of('partly', 'waiting');
  const waiting = [`${String(of('waiting'))} wait`, `${String(of('partly'))} partly tested`, ...(failing > 0 ? [`${String(failing)} waiting but FAILED`] : [])].join(', ');
  return `  ${name.padEnd(42)} ${String(passed).padStart(3)} of ${String(inScope.length).padStart(2)} in scope passed; ${waiting}`;
}

const bySection = (rows: readonly Judged[]): ReadonlyMap<string, readonly Judged[]> => Map.groupBy(rows, ({ item }) => item.section);

/** The table as text: every item with its tests and its result, then the summary. */
export const tableText = (table: SecurityTable): string =>
  [...[...bySection(table.rows)].flatMap(([section, judged]) => [section, '', ...judged.flatMap(rowLines), '']), summaryText(table)].join('\n');

/** The figures by class, and what makes the run fail. */
export function summaryText({ rows, mustFailures, problems }: SecurityTable): string {
  return [
    'By class',
    '',
    ...[...bySection(rows)].map(([section, judged]) => figure(section, judged)),
    figure('all', rows),
    '',
    `MUST failures: ${String(mustFailures.length)}`,
    ...problems.map(problem => `  ${problem}`),
    '',
  ].join('\n');
}
