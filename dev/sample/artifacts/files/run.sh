#!/usr/bin/env bash
# What the pipeline runs on a fresh clone: Debian packages, `npm run check`, `npm test`. The last line says
# "N passed, N failed"; the exit code is 0 only when all is clean, every test passed and none was skipped.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

# Debian packages that the tests need.
packages=(chromium curl procps)

install_packages() {
  local package missing=() as_root=()
  for package in "${packages[@]}"; do
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      missing+=("$package")
  done
  ((${#missing[@]} > 0)) || return 0
  echo "Installing Debian packages: ${missing[*]}"
  [[ $(id -u) == 0 ]] || as_root=(sudo -n)
  "${as_root[@]}" apt-get update -q </dev/null &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q --yes --no-install-recommends \
      "${missing[@]}" </dev/null && return 0
  echo "The tests need the Debian packages ${missing[*]}, and they could not be installed (see above)."
  echo "Run this on Debian as root or with passwordless sudo, or install them beforehand."
  return 1
}

# Reads vitest's JSON report, names what was skipped, and prints the last line. A file that fails before its
# tests start counts as one failed test.
count_tests() {
  node --input-type=commonjs - "$1" <<'SCRIPT'
const { existsSync, readFileSync } = require('node:fs');
const [, , report] = process.argv;
const files = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : [];
const tests = files.flatMap((file) => file.assertionResults);
const passed = tests.filter((test) => test.status === 'passed').length;
const brokenFiles = files.filter((file) => file.status === 'failed' && !file.assertionResults.some(isFailed));
const failed = tests.filter(isFailed).length + brokenFiles.length;
const skipped = tests.filter((test) => test.status !== 'passed' && !isFailed(test));
for (const test of skipped) console.log(`Skipped: ${test.fullName}`);
if (tests.length === 0) console.log('No test ran.');
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 && skipped.length === 0 ? 0 : 1;

function isFailed(test) {
  return test.status === 'failed';
}
SCRIPT
}

if ! install_packages; then
  echo '0 passed, 0 failed'
  exit 1
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
outcome=0
npm run check || outcome=1
npm test -- --reporter=default --reporter=json --outputFile.json="$results/tests.json" || outcome=1
count_tests "$results/tests.json" || outcome=1
exit "$outcome"
