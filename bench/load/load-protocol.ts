/** What the load generator is to send: `head` is the request line and headers without `Content-Length`; each body is sent in its turn. */
export interface Requests {
  readonly port: number;
  readonly head: string;
  /** None: requests without a body. */
  readonly bodies?: readonly string[];
  /** Instead of `bodies`: forms that end in a refresh token, which each answer replaces by its successor. */
  readonly refresh?: { readonly form: string; readonly tokens: readonly string[] };
  /** Instead of both: a form that ends in something that is good for one request. It is supplied before each slice. */
  readonly once?: { readonly form: string };
}

/** One slice of load. */
export interface Slice {
  readonly milliseconds: number;
  readonly connections: number;
  /** Requests a second, sent whether or not earlier ones are answered; without it each connection sends its next request when it has its answer. */
  readonly rate?: number;
}

/** What came of a slice. Times are milliseconds, from the moment a request was due to be sent to the end of its answer. */
export interface SliceResult {
  /** Answers by status; `0`: the connection was lost. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers of status 429 or 503 that say when to come again. */
  readonly withRetryAfter: number;
  /** Answers of status 200 that came before the slice ended. */
  readonly goodInTime: number;
  readonly p50: number;
  readonly p99: number;
  readonly seconds: number;
}

/** From the bench to the generator. */
export type LoadOrder = { readonly define: string; readonly requests: Requests } | { readonly supply: string; readonly endings: readonly string[] } | { readonly run: readonly { readonly name: string; readonly slice: Slice }[] };
/** From the generator to the bench, one for each order, in their order. */
export type LoadReply = { readonly done: string } | { readonly results: readonly SliceResult[] } | { readonly failed: string };
