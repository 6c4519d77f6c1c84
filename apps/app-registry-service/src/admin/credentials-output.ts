import { open, unlink } from 'node:fs/promises';
import { OAuthError } from '@strowger/oauth-core/oauth-error';

/** Names and values, such as ADMIN_PASSWORD; the values have no quote in them. */
export type Credentials = Readonly<Record<string, string>>;

/** The output cannot be used; nothing was changed. */
export class OutputRefused extends Error {
  override readonly name = 'OutputRefused';
}

/** Where credentials go that are shown once. */
export interface CredentialsOutput {
  /** Before the change: what a crash after it must not lose. */
  keep(credentials: Credentials): Promise<void>;
  /** After the change. */
  show(credentials: Credentials): Promise<void>;
  /** Instead of `show`, where the change certainly did not happen. */
  discard(): Promise<void>;
}

const linesOf = (credentials: Credentials): string => Object.entries(credentials).map(([name, value]) => `${name}='${value}'\n`).join('');

/**
 * To a file that nobody else can read and that is not there yet, before the change is made; or to the terminal, after it.
 * @throws OutputRefused - neither a file nor a terminal
 */
export function credentialsOutput(file: string | undefined, terminal: { readonly isTTY?: boolean; write(text: string): unknown }): CredentialsOutput {
  if (file !== undefined) return new FileOutput(file);
  if (terminal.isTTY !== true) throw new OutputRefused('the output is no terminal, and what is shown once must not end up in a log: name a file with --output FILE');
  return {
    keep: () => Promise.resolve(),
    show: credentials => { terminal.write(linesOf(credentials)); return Promise.resolve(); },
    discard: () => Promise.resolve(),
  };
}

class FileOutput implements CredentialsOutput {
  constructor(private readonly path: string) {}

  async keep(credentials: Credentials): Promise<void> {
    const file = await open(this.path, 'wx', 0o600).catch((cause: unknown) => {
      const taken = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
      throw new OutputRefused(taken ? `${this.path} is there already: remove it, or name another file` : `${this.path} cannot be written`, { cause });
    });
    try {
      await file.writeFile(linesOf(credentials));
      await file.sync();
    } finally {
      await file.close();
    }
  }

  show(): Promise<void> { return Promise.resolve(); }
  async discard(): Promise<void> { await unlink(this.path); }
}

/** Makes a change whose credentials are kept before it and shown after it. */
export async function shownOnce(output: CredentialsOutput, credentials: Credentials, change: () => Promise<void>): Promise<void> {
  await output.keep(credentials);
  try {
    await change();
  } catch (error) {
    // Of a change that nobody could confirm the credentials may be good.
    if (!(error instanceof OAuthError && error.code === 'temporarily_unavailable')) await output.discard();
    throw error;
  }
  await output.show(credentials);
}
