import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { table } from './table';

const TOP = 10;
const Profile = z.object({
  nodes: z.array(z.object({ id: z.number(), callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }) })),
  samples: z.array(z.number()), timeDeltas: z.array(z.number()), startTime: z.number(),
});

/** Whose code a function is: a package, a part of Node, or ours. */
function ownerOf(url: string, functionName: string): string {
  if (url === '') return functionName === '(garbage collector)' ? 'garbage collector' : functionName.startsWith('(') ? functionName : 'native code of Node';
  const packages = /node_modules\/((?:@[^/]+\/)?[^/]+)(?!.*node_modules)/.exec(url);
  return packages?.[1] ?? (url.startsWith('node:') ? url.replace(/^node:internal\//, 'node:').split('/')[0] ?? url : 'our code');
}

/** Self time of the busiest owners and functions of the profiles in a folder, as shares of the time in which anything ran since a moment of the monotonic clock, in microseconds. */
export function describeProfiles(folder: string, since: number): string {
  const owners = new Map<string, number>(), functions = new Map<string, number>();
  let busy = 0;
  for (const file of readdirSync(folder).filter(name => name.endsWith('.cpuprofile'))) {
    const { nodes, samples, timeDeltas, startTime } = Profile.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    const frames = new Map(nodes.map(node => [node.id, node.callFrame]));
    let at = startTime;
    samples.forEach((id, i) => {
      const frame = frames.get(id), time = timeDeltas[i] ?? 0;
      at += time;
      if (at < since || !frame || frame.functionName === '(idle)' || frame.functionName === '(program)') return;
      const owner = ownerOf(frame.url, frame.functionName), name = `${frame.functionName || '(anonymous)'} ${frame.url.split('/').slice(-2).join('/')}:${String(frame.lineNumber + 1)}`;
      busy += time;
      owners.set(owner, (owners.get(owner) ?? 0) + time);
      functions.set(name, (functions.get(name) ?? 0) + time);
    });
  }
  const top = (of: ReadonlyMap<string, number>): string[][] => [...of].sort(([, a], [, b]) => b - a).slice(0, TOP).map(([name, time]) => [name, `${(100 * time / busy).toFixed(1)} %`]);
  return `Self time by owner:\n\n${table(['owner', 'share'], top(owners))}\n\nSelf time by function:\n\n${table(['function', 'share'], top(functions))}`;
}
