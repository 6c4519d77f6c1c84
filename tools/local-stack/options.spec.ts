import { parseOptions } from './options';

const parse = (...args: string[]) => parseOptions(args, '/clone');

describe('options of npm start', () => {
  it('defaults to the clone\'s own data folder, any front port, and the demo', () => {
    expect(parse()).toEqual({ port: undefined, dataDir: '/clone/.strowger/data', demo: true, help: false });
  });
  it('takes a port, a folder and --no-demo', () => {
    expect(parse('--port', '9000', '--data=/var/x', '--no-demo')).toEqual({ port: 9000, dataDir: '/var/x', demo: false, help: false });
  });
  it.each(['0', '65536', '-1', '80x', '8.5', '', ' 80', '1e3'])('refuses %j as a port', port => {
    expect(() => parse(`--port=${port}`)).toThrow('a port is a number from 1 to 65535');
  });
  it.each([['--prot', '1'], ['--port'], ['--data'], ['extra'], ['--demo'], ['--help=yes']])('refuses %j %j', (...args) => {
    expect(() => parse(...args)).toThrow();
  });
  it('names the unknown option', () => { expect(() => parse('--prot', '1')).toThrow('--prot'); });
  it('refuses an empty data folder', () => { expect(() => parse('--data=')).toThrow('a folder is needed'); });
});
