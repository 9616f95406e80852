#!/bin/sh
# Why can these devices not be reached? One line for each, from the newest evidence.
#
#   callhome device list -o name | examples/incident-probe.sh
#
# Reads device names, ids or numbers, one a line. Ends with 12 when at least one cannot be reached.
set -eu

worst=0
while IFS= read -r device; do
    [ -n "$device" ] || continue
    status=0
    verdict=$(callhome probe "$device" -o json --jq '.verdict' < /dev/null) || status=$?
    case $status in
        0) printf 'ok    %s\n' "$verdict" ;;
        12)
            worst=12
            printf 'BAD   %s\n' "$verdict"
            ;;
        *) exit "$status" ;;
    esac
done
exit "$worst"
