"""Fail unless at least so many tests of a package ran, and none of them was skipped.

python .ci/expect.py REPORT PACKAGE NUMBER
"""

import sys
from xml.etree import ElementTree

report, package, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
cases = [
    case
    for case in ElementTree.parse(report).iter("testcase")  # noqa: S314 - pytest wrote it
    if case.get("classname", "").startswith(package)
]
skipped = [case.get("name") for case in cases if case.find("skipped") is not None]
ran = len(cases) - len(skipped)
if skipped or ran < number:
    sys.exit(f"{package}: {ran} tests ran, at least {number} were expected; skipped: {skipped}")
sys.stdout.write(f"{package}: {ran} tests ran, none was skipped.\n")
