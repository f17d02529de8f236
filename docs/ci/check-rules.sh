#!/bin/sh
# Check and test the rules of a repository: ./check-rules.sh [FOLDER]
# STRICT=1 lets warnings fail, too. Harmless logs of your own in benign/ must not alert above `low`.
set -u
rules=${1:-rules}
mkdir -p reports
failed=0

strict=
[ "${STRICT:-0}" = 1 ] && strict=--strict
kulla rules check "$rules" $strict -o reports/check.sarif || failed=4
kulla rules check "$rules" $strict --no-tests -o reports/check.xml >/dev/null 2>&1 || failed=4

benign=
[ -d benign ] && benign='--benign benign'
# shellcheck disable=SC2086 # two words, or none
kulla rules test "$rules" $benign -o reports/test.xml || failed=4
exit $failed
