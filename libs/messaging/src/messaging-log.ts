/** What messaging needs of a log: fields first, then the sentence (a pino logger is one). Never given a payload or a password. */
export interface MessagingLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
