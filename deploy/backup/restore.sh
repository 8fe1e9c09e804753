#!/bin/sh
# Puts a backup of backup.sh back as the database of Zhirong. No role may be running.
#
#   restore.sh FOLDER              into a server that has no such database
#   restore.sh --aside FOLDER      a database that is there is renamed first and stays, as zhirong_before_<time>
#   restore.sh --check FOLDER      only whether the backup is whole and can be read
#
# Where: as for backup.sh. Opened by ZHIRONG_BACKUP_DECRYPT, a command from standard input to standard output.
# Afterwards: delete RabbitMQ's virtual host and run `zhirong migrate`, which gives the users their passwords; then start
# the roles. docs/OPERATIONS.md says why.
set -eu
umask 077
here=$(dirname "$0")
. "$here/connect.sh"

aside= check=
case ${1:-} in
  --aside) aside=1; shift ;;
  --check) check=1; shift ;;
esac
[ $# -eq 1 ] && [ -d "$1" ] || { sed -n '2,10p' "$0"; exit 2; }
backup=$(cd "$1" && pwd)
database=${ZHIRONG_BACKUP_DATABASE:-zhirong}

work=$(mktemp -d "${TMPDIR:-/tmp}/zhirong-restore.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# opened NAME: the path of a file of the backup as it was before it was sealed.
opened() {
  if [ -e "$backup/$1" ]; then
    printf '%s\n' "$backup/$1"
  else
    [ -e "$backup/$1.sealed" ] || die "$1 is not in the backup"
    [ -n "${ZHIRONG_BACKUP_DECRYPT:-}" ] || die "the backup is sealed: ZHIRONG_BACKUP_DECRYPT has to open it"
    sh -c "$ZHIRONG_BACKUP_DECRYPT" <"$backup/$1.sealed" >"$work/$1"
    printf '%s\n' "$work/$1"
  fi
}

# Statements for the database `postgres`; the first argument is one of psql's options.
maintain() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname postgres "$@"; }

(cd "$backup" && sha256sum --check --quiet --strict SHA256SUMS) || die "the backup is not what it was when it was made"
dump=$(opened database.dump)
globals=$(opened globals.sql)
pg_restore --list "$dump" >/dev/null || die "the dump cannot be read"
if [ -n "$check" ]; then
  say "the backup is whole"
  exit 0
fi

connect
there=$(maintain --command "SELECT count(*) FROM pg_database WHERE datname = '$database'")
if [ "$there" != 0 ]; then
  [ -n "$aside" ] || die "the database $database exists: with --aside it is renamed and kept"
  busy=$(maintain --command "SELECT count(*) FROM pg_stat_activity WHERE datname = '$database' AND usename LIKE 'zhirong\\_%'")
  [ "$busy" = 0 ] || die "roles are connected to $database: stop them first"
  kept=zhirong_before_$(date -u +%Y%m%dt%H%M%Sz)
  # Whoever else is connected, a monitor for example, comes back by itself.
  maintain --command "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$database'" >/dev/null
  maintain --command "ALTER DATABASE \"$database\" RENAME TO \"$kept\""
  say "the database that was there is now $kept"
fi

# Our users only, and not those that are there. The server's other users are not ours to change.
grep -E '^CREATE ROLE "?zhirong_' "$globals" | sed -e 's/^CREATE ROLE //' -e 's/;$//' -e 's/"//g' | while read -r user; do
  [ "$(maintain --command "SELECT count(*) FROM pg_roles WHERE rolname = '$user'")" = 1 ] || maintain --command "CREATE ROLE \"$user\""
done
grep -E '^(ALTER ROLE|GRANT) "?zhirong_' "$globals" >"$work/users.sql" || true
maintain --file "$work/users.sql"

maintain --command "CREATE DATABASE \"$database\" TEMPLATE template0 ENCODING 'UTF8'"
say "restoring, which may take a while …"
pg_restore --exit-on-error --jobs "${ZHIRONG_RESTORE_JOBS:-2}" --dbname "$database" "$dump"
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname "$database" --file "$here/after-restore.sql"
vacuumdb --quiet --analyze-only "$database"
say "restored: now delete RabbitMQ's virtual host, run zhirong migrate, start the roles"
