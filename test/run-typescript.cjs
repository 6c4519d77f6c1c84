// Runs a TypeScript file as a process of its own, without a build: node test/run-typescript.cjs file.ts [arguments]
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { transformSync } = require('@swc/core');

const root = join(__dirname, '..');
const options = JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8'));
delete options.$schema;
options.jsc.baseUrl = root;
require.extensions['.ts'] = (loaded, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), { ...options, swcrc: false, sourceMaps: 'inline', filename });
  loaded._compile(code, filename, 'commonjs');
};
const [, , file, ...rest] = process.argv;
process.argv = [process.argv[0], file, ...rest];
require(require('node:path').resolve(file));
