import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const COOKIE_BYTES = 32;
const valueSyntax = /^[A-Za-z0-9_-]{43}$/;

/**
 * The one cookie of the pages: 32 random bytes that name a browser, and since its login a session. Over TLS it is a
 * `__Host-` cookie, that no other host or path can set; the plain name is for an issuer without TLS, on one's own machine.
 */
export class SessionCookie {
  private readonly name: string;
  private readonly attributes: string;

  constructor(issuer: string) {
    const secure = issuer.startsWith('https:');
    this.name = secure ? '__Host-strowger' : 'strowger';
    this.attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  }

  /** The value that a `Cookie` header carries; undefined where it carries none, or several. */
  valueOf(header: string | undefined): string | undefined {
    const found = (header ?? '').split(';').map(part => part.trim()).filter(part => part.startsWith(`${this.name}=`)).map(part => part.slice(this.name.length + 1));
    const [value] = found;
    return found.length === 1 && value !== undefined && valueSyntax.test(value) ? value : undefined;
  }
  fresh(): string { return randomBytes(COOKIE_BYTES).toString('base64url'); }
  /** `Set-Cookie`; the browser forgets it when it closes, the server when the session ends. */
  header(value: string): string { return `${this.name}=${value}; ${this.attributes}`; }
  expired(): string { return `${this.name}=; ${this.attributes}; Max-Age=0`; }
}

/** What is stored of a cookie. */
export const idOfCookie = (value: string): string => createHash('sha256').update(value).digest('base64url');

/** What a form must bring back: who does not know the cookie cannot make it, and one of another form or page does not fit. */
export const formToken = (cookie: string, ...about: readonly string[]): string => createHmac('sha256', cookie).update(JSON.stringify(about)).digest('base64url');

/** Whether a form brought its token back. */
export function isFormToken(presented: string | undefined, cookie: string, ...about: readonly string[]): boolean {
  const given = Buffer.from(presented ?? ''), right = Buffer.from(formToken(cookie, ...about));
  return given.length === right.length && timingSafeEqual(given, right);
}
