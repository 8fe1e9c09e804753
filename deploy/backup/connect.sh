# What backup.sh and restore.sh share: where the database server is. Read by them, not run.

say() { printf '%s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# Turns the administrator's URL into the variables that PostgreSQL's programs read, so that no password is an argument.
connect() {
  url=${ZHIRONG_BACKUP_POSTGRES_URL:-}
  if [ -z "$url" ] && [ -n "${ZHIRONG_BACKUP_POSTGRES_URL_FILE:-}" ]; then url=$(cat "$ZHIRONG_BACKUP_POSTGRES_URL_FILE"); fi
  [ -n "$url" ] || return 0
  case $url in
    *%*) die "the URL has escapes, which this script does not read: give PGHOST, PGPORT, PGUSER and PGPASSWORD instead" ;;
    postgres://*@* | postgresql://*@*) ;;
    *) die "the administrator's URL must be postgres://user:password@host:port/database" ;;
  esac
  rest=${url#*://}
  user=${rest%%@*}
  place=${rest#*@}
  place=${place%%/*}
  PGUSER=${user%%:*}
  PGHOST=${place%:*}
  PGPORT=5432
  case $place in *:*) PGPORT=${place##*:} ;; esac
  case $user in *:*) PGPASSWORD=${user#*:}; export PGPASSWORD ;; esac
  export PGUSER PGHOST PGPORT
}
