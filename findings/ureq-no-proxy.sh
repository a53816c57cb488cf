#!/usr/bin/env bash
# The crate ureq 3.5.1 reads NO_PROXY, but not as curl 8 and so Git do. An entry is the whole name of a host:
# `corp.example` leaves `git.corp.example` to the proxy. A blank behind a comma is part of the next name, so that of
# `localhost, registry.example` the second one never counts. With a dot in front both agree about the hosts of a domain,
# but no longer about the domain itself. A program that clones by Git and then asks the same host by ureq reaches it in
# two ways.
#
# Seen, each line an entry and a host, `near` where the proxy is passed by:
#   corp.example git.corp.example: curl near, ureq proxy
#   .corp.example git.corp.example: curl near, ureq near
#   .corp.example corp.example: curl near, ureq proxy
#   localhost, registry.example registry.example: curl near, ureq proxy
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
printf '[package]\nname = "near"\nedition = "2024"\n[dependencies]\nureq = { version = "=3.5.1", default-features = false }\n' >Cargo.toml
cat >src/main.rs <<'EOF'
fn main() {
    let host = std::env::args().nth(1).expect("a host");
    let proxy = ureq::Proxy::try_from_env().expect("a proxy");
    let near = proxy.is_no_proxy(&format!("http://{host}/").parse().expect("an address"));
    println!("{}", if near { "near" } else { "proxy" });
}
EOF
cargo build --quiet
# Nobody listens at the address, which is also that of the proxy; curl says to whom it wanted to talk.
export http_proxy=http://proxy.invalid:9
of_curl() {
    local said
    said=$(NO_PROXY= no_proxy="$1" curl --silent --show-error --verbose --max-time 5 "http://$2/" 2>&1 || true)
    if grep -q 'proxy\.invalid' <<<"$said"; then echo proxy; else echo near; fi
}
of_ureq() { HTTP_PROXY=$http_proxy NO_PROXY="$1" no_proxy="$1" target/debug/near "$2"; }
ask() { echo "$1 $2: curl $(of_curl "$1" "$2"), ureq $(of_ureq "$1" "$2")"; }
{
    ask corp.example git.corp.example
    ask .corp.example git.corp.example
    ask .corp.example corp.example
    ask 'localhost, registry.example' registry.example
} | tee out
diff out - <<'EOF'
corp.example git.corp.example: curl near, ureq proxy
.corp.example git.corp.example: curl near, ureq near
.corp.example corp.example: curl near, ureq proxy
localhost, registry.example registry.example: curl near, ureq proxy
EOF
