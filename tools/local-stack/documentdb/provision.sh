#!/usr/bin/env bash
# provision.sh PREFIX PART...: unpack Debian testing's packages under PREFIX. Parts: nats-server, documentdb (PostgreSQL 18 with
# the DocumentDB extension). Nothing is installed into the system; no chroot. Works as root and as an ordinary user.
# Needs apt-get, dpkg-deb, tar, awk, setpriv: all in a plain Debian. Run again it does only what is missing.
#   PREFIX/bin/nats-server
#   PREFIX/bin/pg-new DATADIR                             a new data directory, a copy of a template
#   PREFIX/bin/pg-run DATADIR PORT [postgres options]     run it in the foreground; SIGINT stops it
# DEBIAN_MIRROR overrides the mirror that this machine's own apt uses.
set -euo pipefail
umask 022
PREFIX=$(realpath -m "$1"); shift
APT=$PREFIX/apt; PG=$PREFIX/usr/lib/postgresql/18
say() { printf '%s\n' "$*"; }
die() { printf 'provision: %s\n' "$*" >&2; exit 1; }
for tool in apt-get apt-cache dpkg dpkg-deb tar awk setpriv realpath; do
  command -v "$tool" > /dev/null || die "this needs Debian's $tool, which is not here"
done
[ "$(dpkg --print-architecture)" = amd64 ] || die "only amd64 is served, this machine is $(dpkg --print-architecture)"

roots() {
  case $1 in
    nats-server) say nats-server ;;
    documentdb) say postgresql-18-documentdb postgresql-18-postgis-3-scripts ;;
    *) die "unknown part $1" ;;
  esac
}

# A private apt: own lists, cache and (empty) package state. The system's apt is asked for its mirror and keyring only.
prepare_apt() {
  [ -z "${APT_CONFIG:-}" ] || return 0
  rm -rf "$APT"
  local mirror=${DEBIAN_MIRROR:-$(apt-get update --print-uris 2> /dev/null | sed -nE "s|^'([^']*/debian)/dists/.*|\\1|p" | head -n 1)}
  [ -n "$mirror" ] || die 'no Debian mirror is configured on this machine: set DEBIAN_MIRROR'
  mkdir -p "$APT"/state/lists/partial "$APT"/cache/archives/partial
  : > "$APT/state/status"
  echo "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror forky main" > "$APT/sources.list"
  # Check-Valid-Until is off because a mirror of a fixed date would be refused otherwise; signatures and hashes are checked.
  cat > "$APT/apt.conf" <<EOF
Dir::State "$APT/state"; Dir::State::status "$APT/state/status"; Dir::Cache "$APT/cache";
Dir::Etc::SourceList "$APT/sources.list"; Dir::Etc::SourceParts "-";
APT::Sandbox::User ""; APT::Architecture "amd64"; Acquire::Languages "none"; Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Check-Valid-Until "false"; Acquire::Retries "2"; Acquire::http::Timeout "20"; Acquire::https::Timeout "20";
EOF
  export APT_CONFIG=$APT/apt.conf
  say "reading Debian's package lists from $mirror"
  apt-get update -qq -o APT::Update::Error-Mode=any 2> "$APT/update.log" || { cat "$APT/update.log" >&2; die "the package lists of $mirror could not be read"; }
}

# The packages of a part: its roots and what they depend on (first alternative), without the branches that only maintainer
# scripts need or parts that DocumentDB never loads (GDAL, raster, SFCGAL). Own loader and libraries make libc-bin needless.
CUT='^(lib(gdal|sfcgal)[0-9].*|perl.*|libjson-perl|debconf.*|postgresql(-client)?-common|ssl-cert|ucf|locales.*|libc-.*|libpam-.*|libsasl2-modules.*|adduser|passwd|openssl.*|proj-data|readline-common|sensible-utils|libaudit-common|tzdata|netbase|gcc-[0-9]+-base|libxslt.*|systemd|libsystemd-shared|libselinux1|libblkid1|libmount1|libuuid1)$'
packages() {
  apt-cache dumpavail | awk -v roots="$*" -v cut="$CUT" '
    /^Package: / { p = $2; have[p] = 1 }
    /^(Pre-)?Depends: / { s = $0; sub(/^[^ ]* /, "", s); dep[p] = dep[p] "," s }
    END {
      n = split(roots, queue, " ")
      for (i = 1; i <= n; i++) {
        if (queue[i] ~ cut || !(queue[i] in have) || seen[queue[i]]++) continue
        print queue[i]
        m = split(dep[queue[i]], names, ",")
        for (j = 1; j <= m; j++) { s = names[j]; gsub(/^ +/, "", s); sub(/[ :(|].*/, "", s); if (s != "") queue[++n] = s }
      }
    }'
}

# Without documentation, translations, LLVM bitcode, test and GDAL data.
unpack() {
  find "$1" -name '*.deb' -print0 | PREFIX=$PREFIX xargs -0 -P "$(nproc)" -I{} sh -c 'dpkg-deb --fsys-tarfile "$1" |
    tar -x -C "$PREFIX" --no-same-owner --exclude="./usr/share/doc" --exclude="./usr/share/man" --exclude="./usr/share/locale" \
      --exclude="./usr/share/postgresql/18/man" --exclude="./usr/lib/postgresql/18/lib/bitcode" --exclude="./usr/share/lintian" \
      --exclude="./usr/lib/x86_64-linux-gnu/gconv" --exclude="./etc" --exclude="./var" --exclude="./usr/lib/systemd" \
      --exclude="*/extension/postgis_t*" --exclude="*/extension/postgis_raster*" --exclude="*/extension/postgis_sfcgal*" \
      --exclude="*/extension/address_standardizer*" --exclude="*/extension/postgis--unpackaged*" --exclude="*/contrib/postgis-*" \
      --exclude="*/postgis_*-3.so"' sh {}
}

# Each program of PostgreSQL becomes a wrapper that starts it through the unpacked loader and libraries. The wrapper keeps the
# program's place and --argv0 names it, so that initdb finds postgres, and postgres its share and lib directories.
wrap_programs() {
  [ -e "$PREFIX/usr/share/postgresql/18/extension/postgis.control" ] || ln -s postgis-3.control "$PREFIX/usr/share/postgresql/18/extension/postgis.control"
  for program in postgres initdb psql; do
    [ -e "$PG/bin/$program.elf" ] || mv "$PG/bin/$program" "$PG/bin/$program.elf"
    cat > "$PG/bin/$program" <<'EOF'
#!/bin/sh
me=$(readlink -f "$0"); libraries=${me%/usr/lib/postgresql/*}/usr/lib/x86_64-linux-gnu
exec "$libraries/ld-linux-x86-64.so.2" --argv0 "$me" --inhibit-cache --library-path "$libraries:${me%/bin/*}/lib" "$me.elf" "$@"
EOF
    chmod 755 "$PG/bin/$program"; ln -sf "../usr/lib/postgresql/18/bin/$program" "$PREFIX/bin/$program"
  done
  # postgres refuses root. Root becomes an ordinary user in a user namespace of its own (files stay root's); where that is
  # forbidden it becomes nobody, and data directories are given to nobody. An ordinary user needs nothing.
  cat > "$PREFIX/bin/as-postgres" <<'EOF'
#!/bin/sh
# as-postgres COMMAND...: run COMMAND as a user that postgres accepts; SIGINT (fast shutdown) reaches it when its parent dies.
if [ "$(id -u)" != 0 ]; then exec setpriv --pdeathsig INT "$@"
elif unshare --user --map-user=1000 --map-group=1000 true 2> /dev/null; then exec unshare --user --map-user=1000 --map-group=1000 setpriv --pdeathsig INT "$@"
else exec setpriv --reuid=65534 --regid=65534 --clear-groups --pdeathsig INT "$@"; fi
EOF
  cat > "$PREFIX/bin/pg-new" <<'EOF'
#!/bin/sh
set -e; prefix=$(dirname "$(dirname "$(readlink -f "$0")")"); cp -a --reflink=auto "$prefix/template" "$1.new"; chmod 700 "$1.new"
[ "$(id -u)" != 0 ] || [ "$("$prefix/bin/as-postgres" id -u)" != 65534 ] || chown -R 65534:65534 "$1.new"
mv -T "$1.new" "$1"
EOF
  cat > "$PREFIX/bin/pg-run" <<'EOF'
#!/bin/sh
# exec keeps the process id: signal it directly.
prefix=$(dirname "$(dirname "$(readlink -f "$0")")"); data=$(readlink -f "$1"); port=$2; shift 2
exec "$prefix/bin/as-postgres" "$prefix/bin/postgres" -D "$data" -p "$port" "$@"
EOF
  chmod 755 "$PREFIX"/bin/as-postgres "$PREFIX"/bin/pg-new "$PREFIX"/bin/pg-run
}

# The template data directory: initdb, settings, extensions, clean stop.
make_template() {
  local template=$PREFIX/template port=$((20000 + $$ % 12000)) pid
  say 'making the template data directory'
  rm -rf "$template"; mkdir -p "$template"
  [ "$(id -u)" != 0 ] || [ "$("$PREFIX/bin/as-postgres" id -u)" != 65534 ] || chown 65534:65534 "$template"
  "$PREFIX/bin/as-postgres" "$PREFIX/bin/initdb" -D "$template" -U postgres -A trust -E UTF8 --locale=C --locale-provider=builtin \
    --builtin-locale=C.UTF-8 --no-sync > "$PREFIX/initdb.log" 2>&1 || { tail "$PREFIX/initdb.log" >&2; die 'initdb failed'; }
  cat >> "$template/postgresql.conf" <<'EOF'
listen_addresses = '127.0.0.1'            # index builds connect to "localhost": a unix socket alone is not enough
unix_socket_directories = ''
max_connections = 120
shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb,pg_documentdb_extended_rum'
documentdb.alternate_index_handler_name = 'extended_rum'   # ordered indexes: sorts and ranges can use them
documentdb.useFileBasedPersistedCursors = on               # else every open sorted or limited cursor holds a connection
documentdb.defaultCursorExpiryTimeLimitSeconds = 600
cron.database_name = 'postgres'
cron.use_background_workers = on          # a connection would need the port of the day; jobs remember the one they were made with
cron.log_run = off
cron.log_statement = off
max_worker_processes = 24
deadlock_timeout = 10ms                   # unique indexes are exclusion constraints: simultaneous inserts may deadlock
max_wal_size = 2GB
autovacuum_naptime = 5s                   # no update is HOT: dead index entries slow a queue-like index until vacuum
autovacuum_vacuum_scale_factor = 0.02
autovacuum_vacuum_cost_delay = 0
EOF
  "$PREFIX/bin/pg-run" "$template" $port -c fsync=off > "$PREFIX/template.log" 2>&1 & pid=$!
  sql() { "$PREFIX/bin/psql" -h 127.0.0.1 -p $port -U postgres -qAtX -v ON_ERROR_STOP=1 "$@"; }
  for _ in $(seq 200); do
    sql -c 'SELECT 1' > /dev/null 2>&1 && break
    kill -0 $pid 2> /dev/null || { tail "$PREFIX/template.log" >&2; die 'the template did not start'; }
    sleep 0.05
  done
  sql -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION documentdb CASCADE' -c 'CREATE EXTENSION documentdb_extended_rum'
  # TTL runs by the minute: tests want it sooner. Indexes are built by the one who asks: no need to look for them every 2 s.
  sql -c "SELECT cron.alter_job(jobid, schedule => '10 seconds') FROM cron.job WHERE jobname = 'documentdb_ttl_task'" \
      -c "SELECT cron.alter_job(jobid, active => false) FROM cron.job WHERE jobname ~ 'index_build'" > /dev/null
  kill -INT $pid; wait $pid || true
  touch "$template/.ready"
}

unset APT_CONFIG
mkdir -p "$PREFIX/bin"
for part in "$@"; do
  [ ! -e "$PREFIX/.unpacked-$part" ] || continue
  prepare_apt
  mkdir -p "$APT/$part"
  # shellcheck disable=SC2046  # names of packages hold no spaces
  packages $(roots "$part") > "$APT/$part.packages"
  [ -s "$APT/$part.packages" ] || die "this mirror has no $(roots "$part")"
  say "downloading $part: $(wc -l < "$APT/$part.packages") packages"
  (cd "$APT/$part" && xargs -a "$APT/$part.packages" apt-get download -qq) || die "the packages of $part could not be downloaded"
  say "unpacking $part: $(du -sm "$APT/$part" | cut -f 1) MB"
  unpack "$APT/$part"
  if [ "$part" = documentdb ]; then wrap_programs; else ln -sf ../usr/sbin/nats-server "$PREFIX/bin/nats-server"; [ -x "$PREFIX/bin/nats-server" ] || ln -sf ../usr/bin/nats-server "$PREFIX/bin/nats-server"; fi
  touch "$PREFIX/.unpacked-$part"
done
rm -rf "$APT"
[ ! -x "$PREFIX/bin/pg-run" ] || [ -e "$PREFIX/template/.ready" ] || make_template
