import { setTimeout as pause } from 'node:timers/promises';
import { CannotProvision } from './prepare-mongodb';

const PAUSE_MS = 1000;

/** What `untilDone` needs of the world around. */
export interface Patience {
  /** How long it may take; the last attempt may end later. */
  readonly seconds: number;
  readonly log: (line: string) => void;
  readonly pauseMs?: number;
}

/**
 * Tries a piece of work until it succeeds; says why not, each reason once.
 * @throws CannotProvision - trying again would not help, or the time is over
 */
export async function untilDone(what: string, work: () => Promise<void>, { seconds, log, pauseMs = PAUSE_MS }: Patience): Promise<void> {
  const end = performance.now() + seconds * 1000;
  let said = '';
  for (;;) {
    try {
      await work();
      log(`${what}: done`);
      return;
    } catch (error) {
      if (error instanceof CannotProvision) throw error;
      const why = error instanceof Error ? error.message : String(error);
      if (performance.now() > end) throw new CannotProvision(`${what}: not done within ${String(seconds)} s: ${why}`, { cause: error });
      if (why !== said) log(`${what}: waiting: ${why}`);
      said = why;
      await pause(pauseMs);
    }
  }
}
