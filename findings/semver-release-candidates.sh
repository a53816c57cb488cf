#!/usr/bin/env bash
# Masterminds/semver 3.4.0 (Go: Argo CD's `targetRevision`, Helm) and the crate semver 1.0.28 (Cargo, and `follows` in
# project.toml) read the same range differently: with one release candidate named in it, the former lets in those of all
# versions. `>=1.3.0-rc.0, <2` ends below 2 and yet takes 2.0.0-rc.1, as its highest; the latter takes candidates of
# 1.3.0 alone. Without a candidate in the range both agree.
#
# Seen, of 1.2.0, 1.3.0-rc.1, 1.4.0-rc.1, 1.4.0 and 2.0.0-rc.1: "Go 1.3.0-rc.1 1.4.0-rc.1 1.4.0 2.0.0-rc.1" and
# "Rust 1.3.0-rc.1 1.4.0".
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p go rust/src
cat >go/main.go <<'EOF'
package main

import "fmt"
import "os"
import "github.com/Masterminds/semver/v3"

func main() {
	requirement, _ := semver.NewConstraint(os.Args[1])
	for _, version := range os.Args[2:] {
		if requirement.Check(semver.MustParse(version)) {
			fmt.Print(" ", version)
		}
	}
}
EOF
(cd go; go mod init example.invalid/go; go get github.com/Masterminds/semver/v3@v3.4.0) 2>/dev/null
printf '[package]\nname = "rust"\nedition = "2024"\n[dependencies]\nsemver = "=1.0.28"\n' >rust/Cargo.toml
cat >rust/src/main.rs <<'EOF'
use semver::{Version, VersionReq};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let requirement = VersionReq::parse(&words[0]).expect("read the range");
    for word in &words[1..] {
        if requirement.matches(&Version::parse(word).expect("read the version")) {
            print!(" {word}");
        }
    }
}
EOF
ask() {
    echo "$1"
    echo "Go  $(cd go && go run . "$@")"
    echo "Rust$(CARGO_TARGET_DIR=$folder/target cargo run --quiet --manifest-path rust/Cargo.toml -- "$@")"
}
versions=(1.2.0 1.3.0-rc.1 1.4.0-rc.1 1.4.0 2.0.0-rc.1)
{
    ask '>=1.3.0-rc.0, <2' "${versions[@]}"
    ask '>=1.3.0, <2' "${versions[@]}"
} | tee out
grep -qx 'Go   1.3.0-rc.1 1.4.0-rc.1 1.4.0 2.0.0-rc.1' out
grep -qx 'Rust 1.3.0-rc.1 1.4.0' out
grep -qx 'Go   1.4.0' out
grep -qx 'Rust 1.4.0' out
