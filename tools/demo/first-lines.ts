import { relative } from 'node:path';

const BLOCK = /^```sh\n([\s\S]*?)^```$/gm;

/** The shell blocks of a section of the README, in their order: what a newcomer pastes, and what a test runs. */
export function shellBlocks(readme: string, section: string): string[] {
  const [, text = ''] = readme.split(`\n## ${section}\n`);
  return [...(text.split('\n## ', 1)[0] ?? '').matchAll(BLOCK)].map(([, block = '']) => block);
}

/** The shell blocks of the section "First tokens". */
export const firstTokenBlocks = (readme: string): string[] => shellBlocks(readme, 'First tokens');

/** The same lines for the screen, with the demo's file where it is seen from the current folder. */
export function firstLines(readme: string, demoFile: string): string {
  return firstTokenBlocks(readme).map(block => block.replace(/^source \S+$/m, `source ${relative(process.cwd(), demoFile)}`)).join('\n');
}
