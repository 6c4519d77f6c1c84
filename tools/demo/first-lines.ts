import { relative } from 'node:path';

const SECTION = /^## First tokens$([\s\S]*?)^## /m;
const BLOCK = /^```sh\n([\s\S]*?)^```$/gm;

/** The shell blocks of the README's section "First tokens", in their order: what a newcomer pastes, and what the test of the main job runs. */
export function firstTokenBlocks(readme: string): string[] {
  return [...(SECTION.exec(readme)?.[1] ?? '').matchAll(BLOCK)].map(([, block = '']) => block);
}

/** The same lines for the screen, with the demo's file where it is seen from the current folder. */
export function firstLines(readme: string, demoFile: string): string {
  return firstTokenBlocks(readme).map(block => block.replace(/^source \S+$/m, `source ${relative(process.cwd(), demoFile)}`)).join('\n');
}
