/** A NATS server that a source has found: one that already runs, or a program to start. */
export type NatsProgram =
  | { readonly kind: 'external'; readonly url: string }
  | { readonly kind: 'nats-server'; readonly program: string };

/** Older ones refuse `sync_interval` or several filters of a consumer. */
export const LEAST_NATS_VERSION = '2.12';
