-- What the gateway keeps in PostgreSQL. Run at every start of the local stack; it may be run again.
SELECT pg_advisory_xact_lock(7310587);
CREATE SCHEMA IF NOT EXISTS gw;
CREATE TABLE IF NOT EXISTS gw.retry (session text PRIMARY KEY, number bigint NOT NULL, at timestamptz NOT NULL DEFAULT now(), result bytea)
  WITH (fillfactor = 40);

-- Runs one write command and remembers its reply under session and number in the same transaction, one row a session as
-- mongod does: a driver's repetition gets the first reply, also after a crash. A deadlock (40P01) or serialization failure
-- (40001) that DocumentDB reports inside writeErrors is raised, so that nothing of the command stays: such an error is the
-- element int32 "code", an SQLSTATE of five characters of six bits each, lowest first.
CREATE OR REPLACE FUNCTION gw.write(kind text, db text, spec bytea, seq bytea, sid text, num bigint) RETURNS bytea LANGUAGE plpgsql AS $f$
DECLARE r bytea; good boolean; last bigint;
BEGIN
  IF sid IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(sid, 0));
    SELECT number, result INTO last, r FROM gw.retry WHERE session = sid;
    IF last = num THEN RETURN r; END IF;
    IF last > num THEN RAISE EXCEPTION 'txnNumber % is older than %', num, last USING ERRCODE = 'M00F5'; END IF;
  END IF;
  IF kind = 'insert' THEN
    SELECT p_result::bytea, p_success INTO r, good FROM documentdb_api.insert(db, spec::documentdb_core.bson, seq::documentdb_core.bsonsequence);
  ELSIF kind = 'update' THEN
    SELECT p_result::bytea, p_success INTO r, good FROM documentdb_api.update(db, spec::documentdb_core.bson, seq::documentdb_core.bsonsequence);
  ELSIF kind = 'delete' THEN
    SELECT p_result::bytea, p_success INTO r, good FROM documentdb_api.delete(db, spec::documentdb_core.bson, seq::documentdb_core.bsonsequence);
  ELSE
    SELECT p_result::bytea, p_success INTO r, good FROM documentdb_api.find_and_modify(db, spec::documentdb_core.bson);
  END IF;
  IF NOT good AND (position('\x10636f64650004000201'::bytea IN r) > 0 OR position('\x10636f64650004000001'::bytea IN r) > 0) THEN
    RAISE EXCEPTION 'deadlock inside a write batch' USING ERRCODE = '40P01';
  END IF;
  IF sid IS NOT NULL THEN
    INSERT INTO gw.retry AS t (session, number, result) VALUES (sid, num, r) ON CONFLICT (session) DO UPDATE SET number = num, result = r, at = now();
  END IF;
  RETURN r;
END $f$;
