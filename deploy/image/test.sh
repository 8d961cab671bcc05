#!/bin/sh
# Runs the image's steps in a debootstrap folder, for machines without a container engine: deploy/image/test.sh BINARY
set -eu
here=$(cd "$(dirname "$0")" && pwd)
binary=$1
command -v debootstrap >/dev/null || { echo "image test: not run (debootstrap is missing: apt-get install debootstrap)"; exit 3; }
[ "$(id -u)" = 0 ] || { echo "image test: not run (needs root for chroot)"; exit 3; }
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase bookworm "$root" >/dev/null
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
cp -r /etc/apt/. "$root/etc/apt/" 2>/dev/null || true
"$here/install.sh" "$binary" "$root"
chroot --userspec=65532:65532 "$root" /usr/local/bin/sluice version
chroot "$root" /usr/local/bin/kubectl-sluice version >/dev/null
echo "image test: passed"
