import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { repositoryRoot } from '../local-stack/repository-root';
import { bringBackDemo, demoFile, demoNames, DemoValues, readAssignments, setDemoAside, writeDemo } from './demo-values';
import { firstLines, firstTokenBlocks } from './first-lines';

let dataDir: string;
const values = Object.fromEntries(demoNames.map(name => [name, `value of ${name} $x \`y\` "z"`])) as Record<(typeof demoNames)[number], string> satisfies DemoValues;
beforeEach(() => { dataDir = mkdtempSync(join(tmpdir(), 'strowger-demo-')); });
afterEach(() => { rmSync(dataDir, { recursive: true, force: true }); });

describe('the file of the demo\'s values', () => {
  test('is read back by a shell as it was written, and by nobody but its owner', () => {
    writeDemo(dataDir, values);
    expect(statSync(demoFile(dataDir)).mode & 0o777).toBe(0o600);
    expect(execFileSync('sh', ['-c', `. '${demoFile(dataDir)}'; printf '%s\\n' ${demoNames.map(name => `"$${name}"`).join(' ')}`], { encoding: 'utf8' })).toBe(`${demoNames.map(name => values[name]).join('\n')}\n`);
    expect(readAssignments(demoFile(dataDir))).toEqual(new Map(Object.entries(values)));
  });
  test.each(['it\'s', 'two\nlines', ''])('refuses the value %j, which would end the quotes or say nothing', bad => {
    expect(() => { writeDemo(dataDir, { ...values, DEMO_BOB_PASSWORD: bad }); }).toThrow('DEMO_BOB_PASSWORD');
    expect(existsSync(demoFile(dataDir))).toBe(false);
  });
  test('set aside it is gone, and comes back with the URL of this start and all else as it was', () => {
    writeDemo(dataDir, values);
    setDemoAside(dataDir);
    setDemoAside(dataDir);
    expect(existsSync(demoFile(dataDir))).toBe(false);
    expect(bringBackDemo(dataDir, 'http://localhost:8081')).toBe(true);
    expect(readAssignments(demoFile(dataDir))).toEqual(new Map(Object.entries({ ...values, STROWGER_URL: 'http://localhost:8081' })));
  });
  test('one that lacks a value is not brought back: the demo is seeded anew', () => {
    writeDemo(dataDir, values);
    writeFileSync(demoFile(dataDir), readFileSync(demoFile(dataDir), 'utf8').split('\n').slice(0, -2).join('\n'));
    setDemoAside(dataDir);
    expect(bringBackDemo(dataDir, 'http://localhost:8080')).toBe(false);
    expect(bringBackDemo(join(dataDir, 'nothing'), 'http://localhost:8080')).toBe(false);
  });
});

describe('the lines to paste', () => {
  const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
  test('are the README\'s: the values, five tokens, the trail', () => {
    const blocks = firstTokenBlocks(readme);
    expect(blocks).toHaveLength(7);
    expect(blocks[0]).toMatch(/^source \.strowger\/demo\.env$/m);
    for (const block of blocks.slice(1)) expect(block).toContain('curl ');
  });
  test('name the file where it lies, and change nothing else', () => {
    expect(firstLines(readme, join(process.cwd(), 'x/demo.env'))).toBe(firstTokenBlocks(readme).join('\n').replace('source .strowger/demo.env', 'source x/demo.env'));
  });
});
