#!/bin/sh
# Fuzzes every target, or those named, for SECONDS each: Fuzz/run.sh SECONDS [TARGET...]
# Inputs that reach new code are kept in .build/corpus; a crash leaves its input in .build/crashes and ends the run.
set -eu
seconds=${1:?usage: Fuzz/run.sh SECONDS [TARGET...]}
shift
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- json yaml patch selector jsonpath fields scalars expression template

swift build
# A backtrace of an instrumented process takes minutes and outlives its parent.
export SWIFT_BACKTRACE=enable=no
for target in "$@"; do
    mkdir -p ".build/corpus/$target" .build/crashes
    echo "== $target"
    .build/debug/Fuzzer "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 \
        -artifact_prefix=".build/crashes/$target-" -print_final_stats=0 -verbosity="${FUZZ_VERBOSITY:-0}" \
        ".build/corpus/$target" "Corpus/$target"
done
