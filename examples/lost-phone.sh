#!/bin/sh
# Secures a lost phone: finds the server that manages it, locks it, and tells how far that got.
#
#   examples/lost-phone.sh 358931104120070 INC-4471
#
# Ends with 0 when the phone confirmed the lock, 10 when it was not heard of in time (the lock stays queued:
# the phone gets it when it appears), 15 when it was locked before, 4 when nobody knows it.
set -eu

phone=${1:?usage: lost-phone.sh IMEI TICKET}
ticket=${2:?usage: lost-phone.sh IMEI TICKET}

callhome find "$phone"

status=0
callhome device lock "$phone" --message "Please call IT: 555-0100" \
    --yes --accept-risk lock --reason "reported lost" --ticket "$ticket" \
    --wait --timeout 2min || status=$?

case $status in
    0) callhome device locate "$phone" --wait --reason "reported lost" --ticket "$ticket" || true ;;
    10) callhome probe "$phone" || true ;; # says why it was not heard and what to do
esac
exit "$status"
