import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const REMEMBERED_MS = 86_400_000;

/** Runs a download unless it failed within the last day: a second start does not wait for it again. `note` is the file that remembers. */
export async function downloadUnlessFailed<T>(note: string, download: () => Promise<T>): Promise<{ value: T } | { missing: string }> {
  if (existsSync(note) && Date.now() - statSync(note).mtimeMs < REMEMBERED_MS) {
    return { missing: `${readFileSync(note, 'utf8').trim()} (not tried again within a day; remove ${note} to try now)` };
  }
  try {
    const value = await download();
    rmSync(note, { force: true });
    return { value };
  } catch (error) {
    const missing = error instanceof Error ? error.message : String(error);
    mkdirSync(dirname(note), { recursive: true });
    writeFileSync(note, `${missing}\n`);
    return { missing };
  }
}
