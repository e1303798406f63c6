#!/usr/bin/env bash
# Runs every fuzz target of the project, one after the other: golden/fuzz.sh 10m
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-10m}
grep -rl --include='*_test.go' '^func Fuzz' . | sort | while read -r file; do
	grep -oP '^func \KFuzz\w+' "$file" | while read -r target; do
		echo "== $(dirname "$file") $target $time"
		go test "$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x
	done
done
