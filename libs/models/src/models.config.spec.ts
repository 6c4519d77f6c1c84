import { ModelsEnvironment } from './models.config';

const accepted = (uri: string): boolean => ModelsEnvironment.safeParse({ MONGODB_URI: uri }).success;
describe('MONGODB_URI', () => {
  it.each(['mongodb://localhost/strowger', 'mongodb://user:p%40ss@a:1,b:2/strowger?replicaSet=rs0', 'mongodb+srv://cluster.example.com/strowger?w=majority&journal=true', 'mongodb://h/d?readPreference=primary&readConcernLevel=majority', 'mongodb://h/d?j=true'])(
    'may be %s', uri => { expect(accepted(uri)).toBe(true); });
  it.each([
    'readPreference=secondary', 'readPreference=primaryPreferred', 'READPREFERENCE=nearest', 'readConcernLevel=local', 'readConcernLevel=available', 'readconcernlevel=linearizable', 'w=1', 'w=0', 'W=2', 'journal=false', 'j=false',
    'replicaSet=rs0&w=1', 'w=majority&w=1', 'read%50reference=secondary', 'w=', 'w=MAJORITY', 'journal=1',
  ])('must not weaken what reads and writes promise: ?%s', options => { expect(accepted(`mongodb://h/d?${options}`)).toBe(false); });
  it.each(['', 'mongodb://h', 'mongodb://h/', 'mongodb://h/?w=majority', 'http://h/d', 'mongodb://h/a b', 'mongodb://h/$cmd', 'mongodb://h/a/b', `mongodb://h/${'d'.repeat(64)}`])('names a database: %j does not', uri => { expect(accepted(uri)).toBe(false); });
});
