# Watches over one engine for a parent that may be killed at any moment. Standard input is a pipe that only the parent
# holds: its end is the parent's end. "watch PID SIGNAL" and "forget PID" name process groups, "done" says that the parent
# has ended everything itself. $1 is the engine's run directory.
trap '' HUP INT QUIT TERM PIPE TSTP
run=$1
watched=
while read -r verb pid signal; do
  case $verb in
    watch) watched="$watched $signal:$pid" ;;
    forget)
      rest=
      for entry in $watched; do [ "${entry#*:}" = "$pid" ] || rest="$rest $entry"; done
      watched=$rest
      ;;
    done) exit 0 ;;
  esac
done

alive() { [ -r "/proc/$1/status" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }
any_alive() {
  for entry in $watched; do alive "${entry#*:}" && return 0; done
  return 1
}

for entry in $watched; do kill -s "${entry%%:*}" -- "-${entry#*:}" 2>/dev/null; done
tries=0
while any_alive && [ $tries -lt 50 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
for entry in $watched; do kill -s KILL -- "-${entry#*:}" 2>/dev/null; done
# Whatever left its group still works in the run directory.
for process in /proc/[0-9]*; do
  case $(readlink "$process/cwd" 2>/dev/null) in
    "$run"/*) kill -s KILL "${process#/proc/}" 2>/dev/null ;;
  esac
done
rm -rf "$run"
