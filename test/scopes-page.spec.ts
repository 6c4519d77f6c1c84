import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AnnouncedScope } from '@strowger/contracts/scope-announcement';
import { ALL, covers, parseScope } from '@strowger/oauth-core/scope';

const page = readFileSync(resolve(__dirname, '..', 'docs', 'scopes.md'), 'utf8');
/** The rows of the table whose head begins with this cell. */
const rows = (head: string): string[][] => (page.split(`\n| ${head} |`)[1] ?? '').split('\n').slice(2).join('\n').split('\n\n')[0]?.split('\n').map(row => row.split('|').slice(1, -1).map(cell => cell.trim())) ?? [];
const code = (cell = ''): string => /`([^`]+)`/.exec(cell)?.[1] ?? '';

it.each(rows('written'))('docs/scopes.md is right that %s is %s', (written, what) => {
  const text = code(written), parse = (): readonly string[] => parseScope(text);
  if (what.startsWith('refused')) expect(parse).toThrow(); else expect(parse().join(' ')).toBe(text);
  for (const scope of text.split(' ')) if (!what.startsWith('refused') && scope !== ALL && scope.includes(':')) expect(AnnouncedScope.shape.scope.safeParse(scope).success).toBe(true);
});
it.each(rows('who has'))('docs/scopes.md is right that %s may use %s', (has, uses) => {
  expect(covers(code(has).split(' '), code(uses))).toBe(!uses.startsWith('not'));
});
it('docs/scopes.md has both tables, and its example is one that the catalogue takes', () => {
  expect([rows('written').length, rows('who has').length]).toEqual([15, 8]);
  const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
  for (const scope of (JSON.parse(example) as { scopes: unknown[] }).scopes) expect(AnnouncedScope.safeParse(scope)).toMatchObject({ success: true });
});
