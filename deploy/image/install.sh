#!/bin/sh
# Puts a built sluice into a Debian 12 root: deploy/image/install.sh BINARY [ROOT]
# The Dockerfile and the image test both call it, so that what is tested is what ships.
set -eu
binary=$1 root=${2:-/}
# In a folder, with an environment as a container's: TMPDIR of this machine, say, does not exist there.
run() {
    if [ "$root" = / ]; then "$@"; else
        chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root ${http_proxy:+http_proxy="$http_proxy"} "$@"
    fi
}
run apt-get update -qq
run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    ca-certificates libcurl4 libgit2-1.5 libyaml-0-2
run rm -rf /var/lib/apt/lists
install -D -m 0755 "$binary" "$root/usr/local/bin/sluice"
ln -sf sluice "$root/usr/local/bin/kubectl-sluice"
install -d -o 65532 -g 65532 "$root/var/lib/sluice"
run /usr/local/bin/sluice version | grep '^sluice [0-9]'
