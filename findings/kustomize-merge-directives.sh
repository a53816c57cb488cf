#!/usr/bin/env bash
# kustomize 5.7.1, strategic merge: of the directives in a patch that the API server knows, `$patch` is carried out,
# but `$retainKeys`, `$setElementOrder` and `$deleteFromPrimitiveList` are copied into the built manifest, with exit
# code 0. Nothing of what they ask is done: the Deployment that changes to Recreate keeps its `rollingUpdate`, which the
# API server refuses. `$patch: replace` in the same place works.
#
# Seen: "$retainKeys:", "$setElementOrder/containers:" and "$deleteFromPrimitiveList/finalizers:" in the output, with
# `rollingUpdate` and the finalizer still there; neither with `$patch: replace`.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
GOBIN=$folder GOFLAGS=-modcacherw go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1
cd "$folder"

cat >deployment.yaml <<'EOF'
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, finalizers: [example.invalid/old]}
spec:
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}
  template: {spec: {containers: [{name: app, image: app}]}}
EOF
printf 'resources: [deployment.yaml]\npatches: [{path: patch.yaml}]\n' >kustomization.yaml

# What kustomize makes of a patch with these metadata and this spec.
build() {
    printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app%s}\nspec: {%s}\n' "$1" "$2" >patch.yaml
    ./kustomize build . >"$3"
    echo "== $2 $1" && grep -E '[$]|rollingUpdate|invalid/old|type:' "$3"
}
build '' 'strategy: {$retainKeys: [type], type: Recreate}' retain
build '' 'template: {spec: {$setElementOrder/containers: [{name: new}, {name: app}],
    containers: [{name: new, image: new}]}}' order
build ', $deleteFromPrimitiveList/finalizers: [example.invalid/old]' '' delete
build '' 'strategy: {$patch: replace, type: Recreate}' replace

grep -q '[$]retainKeys' retain
grep -q rollingUpdate retain
grep -q '[$]setElementOrder/containers' order
grep -q '[$]deleteFromPrimitiveList/finalizers' delete
[ "$(grep -c invalid/old delete)" = 2 ]
if grep -qE '[$]|rollingUpdate' replace; then exit 1; fi
