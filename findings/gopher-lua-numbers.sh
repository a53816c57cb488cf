#!/usr/bin/env bash
# gopher-lua 1.1.2, in which Argo CD 3.5.7 runs its health checks: `tonumber("1e3")` is nil, although the sum "1e3" + 0
# is 1000 there, and Lua 5.1 says 1000 both times. Quantities of Kubernetes may be written so. A check that was tried
# out with Lua 5.1 then compares with nil in Argo CD, which is an error. And of `os.date`, %a is "mon" on a Thursday,
# and %j is not replaced.
#
# Seen: "Lua 5.1 1000 1000 Thu 001", then "gopher-lua nil 1000 mon %j".
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
cat >check.lua <<'EOF'
return tostring(tonumber("1e3")) .. " " .. tostring("1e3" + 0) .. " " .. os.date("!%a %j", 0)
EOF
python3 -m venv lua
# It brings Lua 5.1 in its wheel.
lua/bin/pip install --quiet lupa==2.8
cat >main.go <<'EOF'
package main

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

func main() {
	state := lua.NewState()
	defer state.Close()
	if err := state.DoFile("check.lua"); err != nil {
		panic(err)
	}
	fmt.Println("gopher-lua", state.Get(-1))
}
EOF
go mod init example.invalid/check 2>/dev/null
go get github.com/yuin/gopher-lua@v1.1.2 2>/dev/null
{
    lua/bin/python -c '
from lupa.lua51 import LuaRuntime
print("Lua 5.1", LuaRuntime().execute(open("check.lua").read()))
'
    go run .
} | tee out
grep -qx 'Lua 5.1 1000 1000 Thu 001' out
grep -qx 'gopher-lua nil 1000 mon %j' out
