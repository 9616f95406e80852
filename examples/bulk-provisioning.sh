#!/bin/sh
# Adds the phones of a delivery and makes an enrolment code for each of them.
#
#   examples/bulk-provisioning.sh phones.csv codes.json
#
# phones.csv needs a header with imei, serial or mac; name, owner, model and number are read too.
# The run is journaled: when it is interrupted, the same command goes on where it stopped.
set -eu

phones=${1:?usage: bulk-provisioning.sh PHONES.csv CODES.json}
codes=${2:?usage: bulk-provisioning.sh PHONES.csv CODES.json}

# Not faster than the server likes, and no further once it is plain that the file is wrong.
# Exit 15: all of them are there already; 7: some rows failed, and the report says which and why.
status=0
callhome device import "$phones" --rate 50/s --stop-after-failures 20 -o csv > "$codes.report.csv" || status=$?
case $status in
    0 | 15) ;;
    7) echo "some rows were not added: see $codes.report.csv" >&2 ;;
    *) exit "$status" ;;
esac

# One code for each phone that was added; the file is readable by its owner only.
added=$(grep -c ',done,' "$codes.report.csv" || true)
if [ "$added" -gt 0 ]; then
    callhome device invite --count "$added" --save "$codes"
fi
exit "$status"
