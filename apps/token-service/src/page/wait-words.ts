/** How long to wait, in words: `a minute`, `12 minutes`. Seconds, rounded up to a minute. */
export const waitWords = (seconds = 60): string => { const many = Math.ceil(seconds / 60); return many <= 1 ? 'a minute' : `${String(many)} minutes`; };
