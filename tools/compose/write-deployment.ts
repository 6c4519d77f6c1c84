import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { busConfiguration } from './bus-configuration';
import { Choices, deploymentValues, NATS_CONFIG, Values } from './deployment-values';
import { environmentText, readEnvironment, writeSecretFile } from './environment-file';

/** What was written: all values, and how many of them are new, others than before, and as they were. */
export interface Written { readonly values: Values; readonly made: number; readonly changed: number; readonly kept: number }

/**
 * Writes `.env` and the configuration of nats-server below `root`, both for their owner alone.
 * @throws Error - a line of `.env` cannot be read, or a value makes no configuration; nothing was changed
 */
export function writeDeployment(root: string, choices: Choices): Written {
  const file = join(root, '.env'), natsFile = join(root, NATS_CONFIG);
  const before = readEnvironment(file), values = deploymentValues(before.values, choices), bus = busConfiguration(values);
  mkdirSync(dirname(natsFile), { recursive: true, mode: 0o700 });
  // In place: a container that has this very file mounted reads it anew at SIGHUP, and would never see another one of the same name.
  if (existsSync(natsFile)) writeFileSync(natsFile, bus);
  else writeSecretFile(natsFile, bus);
  writeSecretFile(file, environmentText(before, values));
  const made = [...values.keys()].filter(name => !before.values.has(name)).length, changed = [...values].filter(([name, value]) => before.values.has(name) && before.values.get(name) !== value).length;
  return { values, made, changed, kept: values.size - made - changed };
}
