/** An error with MongoDB's own code. `labels` tell a driver what it may repeat. */
export class MongoError extends Error {
  constructor(readonly mongo: number, readonly codeName: string, message: string, readonly labels: readonly string[] = []) { super(message); }
}
/** An error that DocumentDB reported inside a reply, by SQLSTATE. */
export class StateError extends Error {
  constructor(readonly code: string, message: string) { super(message); }
}
/** A transaction was ended by its cause, and the whole of it may be tried again. */
export class TransientError extends Error { readonly labels = ['TransientTransactionError']; }

// SQLSTATE, MongoDB's code and its name: those that application code meets.
const CODES = new Map(`M0001 2 BadValue|M0003 9 FailedToParse|M0004 14 TypeMismatch|M0006 20 IllegalOperation|M0008 26 NamespaceNotFound
M0009 27 IndexNotFound|M000A 28 PathNotViable|M000D 40 ConflictingUpdateOperators|M000E 43 CursorNotFound|M000F 48 NamespaceExists
M00EX 50 MaxTimeMSExpired|57014 50 MaxTimeMSExpired|M000G 52 DollarPrefixedFieldName|M000J 56 EmptyFieldName|M00EY 59 CommandNotFound
M000M 66 ImmutableField|M000N 67 CannotCreateIndex|M000O 68 IndexAlreadyExists|M000P 72 InvalidOptions|M000Q 73 InvalidNamespace
M000R 85 IndexOptionsConflict|M000S 86 IndexKeySpecsConflict|M00F1 112 WriteConflict|40001 112 WriteConflict|40P01 112 WriteConflict
55P03 112 WriteConflict|M000U 115 CommandNotSupported|M00CO 121 DocumentValidationFailure|M00F5 225 TransactionTooOld|M0015 241 ConversionFailure
M00F6 251 NoSuchTransaction|M001B 10334 BSONObjectTooLarge|M001C 11000 DuplicateKey|23505 11000 DuplicateKey|23P01 11000 DuplicateKey`
  .split(/[|\n]/).map(line => line.split(' ')).map(([state = '', code, name = '']) => [state, { code: Number(code), name }]));

/** MongoDB's code and name of an SQLSTATE; what has none is an InternalError that names the SQLSTATE. */
export const mongoCode = (state: string): { code: number; name: string } => CODES.get(state) ?? { code: 1, name: `InternalError ${state}` };
/** DocumentDB writes an SQLSTATE into a 32-bit code: five characters of six bits each, lowest first. */
export const unpackState = (code: number): string => [0, 6, 12, 18, 24].map(shift => String.fromCharCode(48 + ((code >> shift) & 63))).join('');

/** The SQLSTATE or system error code of any error, or ''. */
export const stateOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '');
/** The statement left nothing behind and may run again: a deadlock or a serialization failure. */
export const mayRunAgain = (error: unknown): boolean => ['40P01', '40001'].includes(stateOf(error));
/** The connection to PostgreSQL was lost, so that nobody knows whether the statement took effect. */
export const isLost = (error: unknown): boolean => /^(08|57P0|E[A-Z]+$)/.test(stateOf(error))
  || (error instanceof Error && /Connection terminated|not queryable|timeout exceeded when trying/.test(error.message));
