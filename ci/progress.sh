# shellcheck shell=bash
# Numbered steps with their duration, progress while they run, and a table at the end.
# Sourced by the scripts in this folder; depends on nothing but a POSIX system. Everything goes to stderr.

progress_total=${progress_total:-0}
progress_number=0
progress_title=""
progress_began=0
progress_table=()

if [ -t 2 ]; then progress_live=yes; else progress_live=no; fi

say() { printf '%s\n' "$*" >&2; }

# fail HEADLINE [PARAGRAPH]: one headline, the way out below it, exit code 2 (wrong input or machine).
fail() {
    clear_live_line
    printf '\nerror: %s\n' "$1" >&2
    if [ $# -gt 1 ]; then printf '\n%s\n' "$2" >&2; fi
    exit 2
}

clear_live_line() { if [ "$progress_live" = yes ]; then printf '\r\033[K' >&2; fi; }

duration() {
    if [ "$1" -ge 120 ]; then printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); else printf '%d s' "$1"; fi
}

# begin_step TITLE
begin_step() {
    progress_number=$((progress_number + 1))
    progress_title=$1
    progress_began=$SECONDS
    say "[$progress_number/$progress_total] $progress_title ..."
}

# end_step OUTCOME: "built", "kept", "found at /usr/bin/helm", ...
end_step() {
    local took=$((SECONDS - progress_began))
    clear_live_line
    say "[$progress_number/$progress_total] $progress_title: $1, $(duration $took)"
    progress_table+=("$(printf '%-34s %10s   %s' "$progress_title" "$(duration $took)" "$1")")
}

# tell TEXT: a line in place on a terminal, otherwise nothing before 15 s have gone by.
progress_told=0
tell() {
    local elapsed=$((SECONDS - progress_began))
    if [ "$progress_live" = yes ]; then
        printf '\r\033[K      %s  %.90s' "$(duration $elapsed)" "$1" >&2
    elif [ $((SECONDS - progress_told)) -ge 15 ]; then
        progress_told=$SECONDS
        say "      $(duration $elapsed)  $1"
    fi
}

# start_background LOG COMMAND...: starts the command with its output in LOG; one at a time.
progress_child=""
start_background() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null &
    progress_child=$!
}

# await_background LOG DESCRIBE: calls DESCRIBE LOG every second for a line of progress until what was
# started ends, and returns its exit code.
await_background() {
    local log=$1 describe=$2 code=0
    progress_told=$SECONDS
    while kill -0 "$progress_child" 2>/dev/null; do
        sleep 1
        tell "$("$describe" "$log")"
    done
    wait "$progress_child" || code=$?
    progress_child=""
    clear_live_line
    return $code
}

# run_in_background LOG DESCRIBE COMMAND...: both.
run_in_background() {
    local log=$1 describe=$2
    shift 2
    start_background "$log" "$@"
    await_background "$log" "$describe"
}

stop_background() {
    if [ -n "$progress_child" ]; then
        kill "$progress_child" 2>/dev/null || true
        wait "$progress_child" 2>/dev/null || true
        progress_child=""
    fi
}

last_line() { tail -n 1 "$1" 2>/dev/null | tr -d '\r' | cut -c 1-90; }

# summary TITLE
summary() {
    local line
    say ""
    say "$1"
    for line in ${progress_table[@]+"${progress_table[@]}"}; do say "  $line"; done
    say "  $(printf '%-34s %10s' 'all' "$(duration $SECONDS)")"
}
