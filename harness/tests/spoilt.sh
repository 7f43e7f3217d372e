#!/bin/sh
# spoilt.sh - reports/junit.xsd is closed: each spoilt report is refused for
# its spoil alone. Usage: spoilt.sh ROOT
set -u
cd "$1" || exit 70
count=0
failed=0
for report in fixtures/reports/spoilt/*.xml; do
    count=$((count + 1))
    if ! xmllint --noout "$report"; then
        echo "FAILED: $report is no XML, so no schema is needed to refuse it"
        failed=1
    fi
    if xmllint --noout --schema reports/junit.xsd "$report" 2>/dev/null; then
        echo "FAILED: $report is accepted"
        failed=1
    fi
done
# What they were made of is accepted.
xmllint --noout --schema reports/junit.xsd fixtures/reports/fail.xml 2>/dev/null || failed=1
[ "$count" -ge 12 ] || {
    echo "FAILED: only $count spoilt reports"
    failed=1
}
exit "$failed"
