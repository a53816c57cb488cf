#!/usr/bin/env bash
# HAProxy 2.6.12 (Debian 12): a map's file may have values of several words, but `add map` and `set map` on the run-time
# socket keep the first word of a value, without an error, with quotes too. Only as a payload (`<<`) a value is kept
# whole. Whoever notes a sentence in a map at run time reads back its first word.
#
# Seen: "file two words", "added two", "quoted \"two", "changed two", "payload two words", and an empty answer to each
# command that adds or changes. Needs Debian 12, whose packages these are, and Python 3.
set -euo pipefail
if ! grep -qs '^VERSION_CODENAME=bookworm$' /etc/os-release || ! command -v python3 >/dev/null; then
    echo "this needs Debian 12 (bookworm), as in a container of debian:bookworm, and python3" >&2
    exit 2
fi
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"
# Unpacked and not installed, so nobody needs to be root. Where nothing is found, `apt-get update` comes first.
apt-get -qq -o APT::Sandbox::User=root download 'haproxy=2.6.12*' 'liblua5.3-0=5.3.6*' \
    'libopentracing-c-wrapper0=1.1.3*' 'libopentracing1=1.6.0*'
for package in ./*.deb; do dpkg -x "$package" .; done
LD_LIBRARY_PATH=$(echo "$folder"/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH
usr/sbin/haproxy -v | head -n 1 | tee version
grep -q 2.6.12 version

echo 'file two words' >notes
cat >haproxy.cfg <<EOF
global
    stats socket $folder/socket level admin
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend all
    bind unix@$folder/door
    http-request return status 200 content-type text/plain lf-string %[str(file),map($folder/notes)]
EOF
usr/sbin/haproxy -f haproxy.cfg &
server=$!
for _ in $(seq 50); do [ -S socket ] || sleep 0.1; done

say() {
    python3 - "$1" <<'EOF'
import socket
import sys

with socket.socket(socket.AF_UNIX) as door:
    door.connect("socket")
    door.sendall(sys.argv[1].encode() + b"\n")
    while part := door.recv(4096):
        print(part.decode().strip())
EOF
}
# A command that is answered by nothing.
tell() {
    local said
    said=$(say "$1")
    if [ -n "$said" ]; then
        echo "to \`$1\`: $said"
        exit 1
    fi
}
tell "add map $folder/notes added two words"
tell "add map $folder/notes quoted \"two words\""
tell "add map $folder/notes changed one"
tell "set map $folder/notes changed two words"
tell "add map $folder/notes <<
payload two words
"
say "show map $folder/notes" | cut -d ' ' -f 2- | sed '/^$/d' | tee out
grep -qx 'file two words' out
grep -qx 'payload two words' out
grep -qx 'added two' out
grep -qx 'changed two' out
grep -qx 'quoted "two' out
