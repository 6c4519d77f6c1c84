/**
 * What a client sent, fit to be named in an error description: other characters than RFC 6749 §5.2 allows there
 * (printable ASCII without `"` and `\`) become `?`, and it is cut to `max` characters.
 */
export const printable = (text: string, max = 64): string =>
  (text.length > max ? `${text.slice(0, max - 3)}...` : text).replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?');
