import { Database } from '@strowger/models/database';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { pbxModel } from '../seed/pbx-model';
import { seedPbx } from '../seed/seed-pbx';
import { adminConfig } from './admin.config';
import { BadArguments, parseSeedCommand, SeedCommand, USAGE } from './seed-command';

const DATABASE_WITHIN_MS = 15_000, HOUR_MS = 3_600_000, DAYS = 60;

async function seed({ tenant, ...size }: SeedCommand): Promise<string> {
  const database = new Database(adminConfig());
  const late = setTimeout(() => { process.stderr.write('the database does not answer\n'); process.exit(1); }, DATABASE_WITHIN_MS);
  try {
    await database.connected();
    clearTimeout(late);
    const until = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS);
    return await seedPbx(new PbxStore(database), tenant, pbxModel({ ...size, until, days: DAYS }))
      ? `${String(size.extensions)} extensions, ${String(size.calls)} calls` : 'the tenant has a PBX: nothing was changed';
  } finally {
    await database.close();
  }
}

async function main(): Promise<number> {
  try {
    const command = parseSeedCommand(process.argv.slice(2));
    process.stderr.write(command === 'help' ? USAGE : `${await seed(command)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof BadArguments ? 2 : 1;
  }
}

void main().then(code => { process.exit(code); });
