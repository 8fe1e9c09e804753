#!/bin/sh
# A backup of Zhirong's database: every role's schema in one snapshot, and the users without their passwords.
#
#   backup.sh                    once
#   backup.sh --every SECONDS    again and again, until it is told to end
#
# Where: ZHIRONG_BACKUP_POSTGRES_URL or …_URL_FILE (an administrator's postgres:// URL), else libpq's own PGHOST, PGUSER, …
# What:  ZHIRONG_BACKUP_DATABASE (zhirong)
# To:    ZHIRONG_BACKUP_DIR, a folder; each backup is a folder in it, named by its time, with checksums in SHA256SUMS
# Kept:  the newest ZHIRONG_BACKUP_KEEP (14); older ones go after a backup has succeeded, never before
# Sealed by ZHIRONG_BACKUP_ENCRYPT, a command from standard input to standard output, such as `age -r age1…`
#
# docs/OPERATIONS.md says what a backup holds, what it does not, and how it is restored.
set -eu
umask 077
. "$(dirname "$0")/connect.sh"

directory=${ZHIRONG_BACKUP_DIR:?says where to put the backups}
keep=${ZHIRONG_BACKUP_KEEP:-14}
database=${ZHIRONG_BACKUP_DATABASE:-zhirong}

# sealed FILE: FILE becomes FILE.sealed, if backups are to be sealed.
sealed() {
  [ -n "${ZHIRONG_BACKUP_ENCRYPT:-}" ] || return 0
  sh -c "$ZHIRONG_BACKUP_ENCRYPT" <"$1" >"$1.sealed"
  rm "$1"
}

backup() {
  began=$(date +%s)
  stamp=$(date -u +%Y%m%dT%H%M%SZ)
  # Its time is its name: two do not share a second.
  while [ -e "$directory/$stamp" ]; do
    sleep 1
    stamp=$(date -u +%Y%m%dT%H%M%SZ)
  done
  work=$directory/.unfinished-$stamp-$$
  mkdir -p "$directory/metrics"
  chmod 711 "$directory" 2>/dev/null || true
  chmod 755 "$directory/metrics"
  mkdir "$work"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM
  # The users first: one that is made meanwhile owns nothing in the snapshot yet.
  pg_dumpall --globals-only --no-role-passwords --file="$work/globals.sql"
  pg_dump --format=custom --file="$work/database.dump" "$database"
  # A dump whose list cannot be read is none.
  pg_restore --list "$work/database.dump" >"$work/contents.txt"
  for schema in whitelist catalog intake partner; do
    grep -q " TABLE DATA $schema " "$work/contents.txt" || die "schema $schema is not in the dump"
  done
  {
    printf 'database %s\n' "$database"
    printf 'began %s\n' "$stamp"
    printf 'server %s\n' "$(psql --no-psqlrc --tuples-only --no-align --command 'SHOW server_version' "$database")"
  } >"$work/about.txt"
  sealed "$work/globals.sql"
  sealed "$work/database.dump"
  (cd "$work" && sha256sum -- * >SHA256SUMS)
  # On the disk before it has the name of a backup.
  sync
  mv "$work" "$directory/$stamp"
  size=$(du -sk "$directory/$stamp" | cut -f1)
  note "$(date +%s)" "$((size * 1024))" "$(($(date +%s) - began))"
  say "made $stamp, $size KiB"
  forget
}

# note TIME SIZE SECONDS: what node-exporter reads, replaced as a whole.
note() {
  cat >"$directory/metrics/.backup.prom.new" <<METRICS
# HELP zhirong_backup_last_success_timestamp_seconds When the last backup was finished.
# TYPE zhirong_backup_last_success_timestamp_seconds gauge
zhirong_backup_last_success_timestamp_seconds $1
# HELP zhirong_backup_size_bytes Size of the last backup.
# TYPE zhirong_backup_size_bytes gauge
zhirong_backup_size_bytes $2
# HELP zhirong_backup_duration_seconds How long the last backup took.
# TYPE zhirong_backup_duration_seconds gauge
zhirong_backup_duration_seconds $3
METRICS
  chmod 644 "$directory/metrics/.backup.prom.new"
  mv "$directory/metrics/.backup.prom.new" "$directory/metrics/backup.prom"
}

# Removes what is beyond the number to keep, and what earlier runs left unfinished.
forget() {
  ls -1 "$directory" | grep -E '^[0-9]{8}T[0-9]{6}Z$' | sort -r | tail -n +"$((keep + 1))" | while read -r old; do
    rm -rf "${directory:?}/$old"
    say "removed $old"
  done
  find "$directory" -maxdepth 1 -name '.unfinished-*' -mmin +1440 -exec rm -rf {} +
}

case ${1:-} in
  '') connect; backup ;;
  --every)
    pause=${2:?how many seconds between two backups}
    trap 'exit 0' INT TERM
    while :; do
      # A process of its own, so that one failure is not the end: the alert BackupTooOld tells of many.
      sh "$0" || say "the backup failed"
      sleep "$pause" &
      wait $!
    done
    ;;
  *) sed -n '2,13p' "$0"; exit 2 ;;
esac
