import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../local-stack/repository-root';
import { parseChecklist } from './checklist';
import { parseOptions } from './options';
import { citingFiles } from './run-citing-tests';
import { judge, SecurityTable, summaryText, tableText } from './security-table';
import { citationsIn, parseResults } from './test-results';

const CHECKLIST = `# Security checklist
| no. | | attempt → outcome | waits for |
|---|---|---|---|
## 1a First
| S1 | MUST | The first attempt → refused | |
| S2 | SHOULD | The second → refused | |
## 1b Second
| S3 | MUST | The third → refused | the device flow |
| S4 | MUST | The fourth → refused | the web portal (its half is tested) |
`;
const items = parseChecklist(CHECKLIST);
type Test = readonly [file: string, title: string, status?: string, ancestors?: readonly string[]];
/** A report as jest writes it. */
const report = (tests: readonly Test[], broken: readonly string[] = []): string => JSON.stringify({
  numTotalTests: tests.length,
  testResults: [
    ...[...Map.groupBy(tests, ([file]) => file)].map(([file, all]) => ({
      name: `/repo/${file}`, status: all.some(([, , status = 'passed']) => status === 'failed') ? 'failed' : 'passed',
      assertionResults: all.map(([, title, status = 'passed', ancestorTitles = []]) => ({ ancestorTitles, title, fullName: title, status, duration: 1 })),
    })),
    ...broken.map(file => ({ name: `/repo/${file}`, status: 'failed', assertionResults: [], message: 'SyntaxError' })),
  ],
});
const table = (tests: readonly Test[], broken: readonly string[] = []): SecurityTable => judge(items, parseResults(report(tests, broken), '/repo'));
const verdicts = ({ rows }: SecurityTable): string[] => rows.map(({ verdict }) => verdict);
const whole: readonly Test[] = [['a.spec.ts', 'S1: is refused'], ['a.spec.ts', 'S1, S2: both are'], ['b.int-spec.ts', 'S4: its half is']];

describe('the checklist', () => {
  it('has numbers, levels, sections and what an item waits for', () => {
    expect(items.map(({ number, section, must, waitsFor }) => [number, section, must, waitsFor])).toEqual([
      [1, '1a First', true, undefined], [2, '1a First', false, undefined], [3, '1b Second', true, 'the device flow'], [4, '1b Second', true, 'the web portal (its half is tested)'],
    ]);
  });
  it.each(['| S2 | PERHAPS | x | |', '| S2 | MUST | x |', '| S2 x', '| S3 | MUST | left one out | |', '| S1 | MUST | twice | |'])('refuses the row %j', row => {
    expect(() => parseChecklist(`| S1 | MUST | x | |\n${row}`)).toThrow(/security checklist/);
  });
  it('of the project has 88 items, and every number that a test cites is one of them', () => {
    const own = parseChecklist(readFileSync(join(repositoryRoot, 'docs/security-checklist.md'), 'utf8'));
    expect(own.length).toBe(88);
    const numbers = new Set(own.map(({ number }) => number));
    const cited = citingFiles().flatMap(file => citationsIn(readFileSync(join(repositoryRoot, file), 'utf8')).map(number => [file, number] as const));
    expect(cited.length).toBeGreaterThan(50);
    expect(cited.filter(([, number]) => !numbers.has(number))).toEqual([]);
  });
});

describe('citations', () => {
  it.each([
    ['S47: rotates', [47]], ['S33, S47: rotates', [33, 47]], ['keeps __proto__ as a name (S66)', [66]], ['S1 and S1 again', [1]], ['code_challenge_method S256', []], ['XS12 or S123', []], ['s12', []],
  ] as const)('of %j are %j', (title, numbers) => { expect(citationsIn(title)).toEqual(numbers); });
  it('of this table\'s own tests are none', () => { expect(table([...whole, ['tools/security/x.spec.ts', 'S1: plays', 'failed']]).problems).toEqual([]); });
  it('of a describe count for all that stands in it', () => {
    const { rows } = table([['a.spec.ts', 'a listener', 'passed', ['S1: who may', 'listen']]]);
    expect(rows[0]?.tests.map(({ title }) => title)).toEqual(['S1: who may › listen › a listener']);
  });
});

describe('an item', () => {
  it('passes by its tests, waits for its feature, or is tested as far as it is there', () => {
    expect(verdicts(table(whole))).toEqual(['passed', 'passed', 'waiting', 'partly']);
    expect(table(whole)).toMatchObject({ mustFailures: [], problems: [] });
  });
  it.each(['failed', 'pending', 'todo', 'skipped', 'disabled'])('fails when one of its tests is %s, whatever the others say', status => {
    const failing = table([...whole, ['c.spec.ts', 'S1: is refused here too', status]]);
    expect(verdicts(failing)[0]).toBe('failed');
    expect(failing.problems).toEqual(['S1 has a failing test']);
  });
  it('fails when it is in scope and has lost its test', () => {
    const lost = table(whole.slice(1).map(([file, title]) => [file, title.replace('S1, ', '')]));
    expect(verdicts(lost)[0]).toBe('lost');
    expect(lost.problems).toEqual(['S1 is in scope and no test cites it']);
  });
  it('that waits fails all the same when its half fails', () => {
    expect(table([...whole, ['c.spec.ts', 'S4: its other half is', 'failed']]).problems).toEqual(['S4 has a failing test']);
  });
  it('of level SHOULD fails no run', () => {
    const { rows, problems } = table([['a.spec.ts', 'S1: is refused'], ['a.spec.ts', 'S2: is', 'failed']]);
    expect([rows[1]?.verdict, problems]).toEqual(['failed', []]);
  });
});

describe('a run', () => {
  it('fails for a number that is no item', () => { expect(table([...whole, ['c.spec.ts', 'S9: is new']]).problems).toEqual(['S9 is no item of the checklist, but c.spec.ts cites it: S9: is new']); });
  it('fails for a file that could not be run', () => { expect(table(whole, ['d.spec.ts']).problems).toEqual(['d.spec.ts could not be run: what its tests cite is not proved']); });
  it.each(['', '{}', '[]', '{"testResults":[{"name":"a"}]}'])('fails for the report %j rather than counting nothing', text => { expect(() => parseResults(text, '/repo')).toThrow(); });
});

describe('the text', () => {
  it('has every item with its tests and result, the figures by class, and the MUST failures', () => {
    expect(tableText(table([...whole, ['a.spec.ts', 'S1: a third'], ['a.spec.ts', 'S1: a fourth']]))).toBe(`1a First

  S1  MUST    passed       The first attempt → refused
        a.spec.ts: 4 passed
          S1: is refused
          S1, S2: both are
          and 2 more
  S2  SHOULD  passed       The second → refused
        a.spec.ts: 1 passed
          S1, S2: both are

1b Second

  S3  MUST    no test yet  The third → refused
        belongs to: the device flow
  S4  MUST    partly       The fourth → refused
        the rest belongs to: the web portal (its half is tested)
        b.int-spec.ts: 1 passed
          S4: its half is

By class

  1a First                                     2 of  2 in scope passed; 0 wait, 0 partly tested
  1b Second                                    0 of  0 in scope passed; 1 wait, 1 partly tested
  all                                          2 of  2 in scope passed; 1 wait, 1 partly tested

MUST failures: 0
`);
  });
  it('ends with its summary, which can be had alone', () => {
    const failing = table([...whole, ['a.spec.ts', 'S1: a third', 'failed']]), summary = summaryText(failing);
    expect(summary).toMatch(/^By class\n/);
    expect(summary).toMatch(/\nMUST failures: 1\n {2}S1 has a failing test\n$/);
    expect(tableText(failing).endsWith(`\n${summary}`)).toBe(true);
  });
  it('names the tests that failed before all others', () => {
    const text = tableText(table([...whole, ['a.spec.ts', 'S1: a third', 'failed'], ['e.spec.ts', 'S4: fails', 'failed']]));
    expect(text).toContain('  S1  MUST    FAILED       The first attempt → refused\n        a.spec.ts: 2 passed, 1 FAILED\n          FAILED S1: a third\n');
    expect(text).toContain('  all                                          1 of  2 in scope passed; 1 wait, 0 partly tested, 1 waiting but FAILED');
    expect(text).toContain('MUST failures: 2\n  S1 has a failing test\n  S4 has a failing test\n');
  });
});

test('the command takes a report that is there, the summary alone, and no other option', () => {
  expect(parseOptions(['--results', 'r.json', '--summary'])).toEqual({ results: 'r.json', summary: true, help: false });
  expect(parseOptions([])).toEqual({ results: undefined, summary: false, help: false });
  for (const args of [['--results'], ['--json'], ['r.json']]) expect(() => parseOptions(args)).toThrow();
});
