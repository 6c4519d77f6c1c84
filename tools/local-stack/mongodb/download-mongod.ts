import { MongoBinary } from 'mongodb-memory-server-core';

// node download-mongod.js FOLDER VERSION: downloads a mongod; ends when standard input does, that is, when its parent is gone.
const [downloadDir = '', version = ''] = process.argv.slice(2);
process.stdin.once('end', () => process.exit(1)).resume();
MongoBinary.getPath({ downloadDir, version }).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error)}\n`, () => process.exit(1));
  },
);
