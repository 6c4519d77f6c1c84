import { z } from 'zod';

/** Options of the URI that would weaken what a read that decides, or a write that is answered, promises. */
const forbidden: Readonly<Record<string, (value: string) => boolean>> = {
  readpreference: value => value !== 'primary',
  readconcernlevel: value => value !== 'majority',
  w: value => value !== 'majority',
  journal: value => value !== 'true',
  j: value => value !== 'true',
};

/** Environment of the database connection. `MONGODB_URI` names the database. */
export const ModelsEnvironment = z.object({
  MONGODB_URI: z.string().regex(/^mongodb(\+srv)?:\/\/[^/]+\/[A-Za-z0-9_-]{1,63}(\?.*)?$/, 'mongodb://host[:port]/database[?options]')
    .refine(uri => ![...new URLSearchParams(uri.split('?')[1])].some(([name, value]) => forbidden[name.toLowerCase()]?.(value)),
      'reads are primary and majority, writes majority and journaled: the URI must not say otherwise'),
});
export type ModelsConfig = z.infer<typeof ModelsEnvironment>;
