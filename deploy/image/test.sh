#!/bin/sh
# Runs the image's steps in a debootstrap folder, for machines without a container engine: deploy/image/test.sh BINARY
# What the Dockerfile installs is installed, and the binary must run there as the image's user, with nothing missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
binary=$1
fail() { echo "image test: failed, $*"; exit 1; }
[ "$(id -u)" = 0 ] || { echo "image test: not run (needs root for chroot)"; exit 3; }
if [ -z "${SLUICE_IMAGE_TEST:-}" ]; then
    # What is mounted below ends with this namespace.
    unshare --mount true || { echo "image test: not run (may not mount)"; exit 3; }
    SLUICE_IMAGE_TEST=1 exec unshare --mount --propagation private "$0" "$@"
fi
root=$(mktemp -d)
trap 'umount "$root/proc" 2>/dev/null || true; rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root"
"$here/../../scripts/debian-root" "$root" || { code=$?; echo "image test: no Debian folder"; exit $code; }
mount -t proc proc "$root/proc"  # a Swift program reads its arguments there
"$here/install.sh" "$binary" "$root" >"$root/install.log" 2>&1 || { tail -20 "$root/install.log"; fail "the installation ended with an error"; }

# Only what the image promises is linked dynamically, and all of that is there.
needed=$(LC_ALL=C readelf -d "$binary" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
for library in $needed; do
    case $library in
    libcurl.so.* | libgit2.so.* | libyaml-0.so.* | libc.so.* | libm.so.* | libgcc_s.so.* | libstdc++.so.* | ld-linux*) ;;
    *) fail "the binary needs $library, which the image does not promise" ;;
    esac
done
if chroot "$root" ldd /usr/local/bin/sluice | grep 'not found'; then fail "libraries are missing"; fi
if LC_ALL=C readelf -S "$binary" | grep -F ' .symtab '; then fail "the binary is not stripped"; fi

as_user() { chroot --userspec=65532:65532 "$root" env -i PATH=/usr/local/bin:/usr/bin:/bin "$@"; }
as_user sluice version 2>/dev/null | grep '^sluice [0-9]' || fail "sluice does not run"
as_user kubectl-sluice version 2>/dev/null | grep -q '^sluice [0-9]' || fail "the plugin does not run"
as_user touch /var/lib/sluice/mirror || fail "the image's user may not write mirrors"
echo "image test: passed, binary of $(($(stat -c %s "$binary") / 1000000)) MB, image of $(du -smx "$root" | cut -f1) MB"
