import { z } from 'zod';

/** Names whose value may be, or may contain, a secret: it is never shown. */
const SECRET_NAME = /SECRET|PASSWORD|KEY|URI|TOKEN|SERVICES/;
const SHOWN_LENGTH = 60;

/** A start with a bad environment. `problems` has one line for every bad variable, and no secret. */
export class BadEnvironment extends Error {
  override readonly name = 'BadEnvironment';
  constructor(readonly problems: readonly string[]) {
    super(`the environment is not usable:\n${problems.map(problem => `  ${problem}`).join('\n')}`);
  }
}

/**
 * Parses an environment once. An empty variable counts as absent. The result is frozen, deeply.
 * A service reads everything in one go, so that one bad start names all that is wrong:
 * `parseEnvironment(z.object({ ...ServiceEnvironment.shape, ...ModelsEnvironment.shape }), process.env)`.
 * @throws BadEnvironment - a variable is missing or bad; all of them are named
 */
export function parseEnvironment<T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): Readonly<T> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new BadEnvironment(parsed.error.issues.map(issue => problemOf(issue, given)));
  return deepFreeze(parsed.data);
}

/** As `parseEnvironment`, for the entry of a process: prints every bad variable to standard error and exits with 1. */
export function environmentOrExit<T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): Readonly<T> {
  try {
    return parseEnvironment(schema, env);
  } catch (error) {
    if (!(error instanceof BadEnvironment)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

function problemOf(issue: z.core.$ZodIssue, env: NodeJS.ProcessEnv): string {
  const name = issue.path.length > 0 ? String(issue.path[0]) : 'environment';
  const value = env[name];
  if (value === undefined) return `${name} is missing: ${issue.message}`;
  const shown = SECRET_NAME.test(name) || value.includes('@') ? 'the value is not shown' : `got ${JSON.stringify(value.slice(0, SHOWN_LENGTH))}`;
  return `${name} is bad: ${issue.message} (${shown})`;
}

function deepFreeze<T>(value: T): Readonly<T> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
