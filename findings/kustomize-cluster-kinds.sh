#!/usr/bin/env bash
# kustomize 5.7.1, `namespace:` takes a ValidatingAdmissionPolicy and its binding for objects of a namespace, though
# the API server has them for the whole cluster, and gives them one; a ClusterRole, a StorageClass and a
# ValidatingWebhookConfiguration beside them are left alone. Whatever judges rendered manifests by their namespace then
# counts the policy as one of that namespace. kubernetes-sigs/kustomize#6056 changes it.
#
# Seen: "ValidatingAdmissionPolicy shop" and "ValidatingAdmissionPolicyBinding shop", all others "none".
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
GOBIN=$folder GOFLAGS=-modcacherw go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1
cd "$folder"

cat >objects.yaml <<'OBJECTS'
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: replicas}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], resources: [deployments], operations: [CREATE]}]}
  validations: [{expression: object.spec.replicas <= 5}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: replicas}
spec: {policyName: replicas, validationActions: [Deny]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: replicas}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: example.com/disk
OBJECTS
printf 'namespace: shop\nresources: [objects.yaml]\n' >kustomization.yaml

# Each object's kind and namespace.
found=$(./kustomize build . | awk '
    /^kind: / { kind = $2 }
    /^  namespace: / { namespace = $2 }
    /^---$/ { print kind, namespace ? namespace : "none"; namespace = "" }
    END { print kind, namespace ? namespace : "none" }')
sort <<<"$found"
[ "$(grep -c ' shop$' <<<"$found")" = 2 ]
[ "$(grep -c '^ValidatingAdmissionPolicy.* shop$' <<<"$found")" = 2 ]
[ "$(grep -c ' none$' <<<"$found")" = 3 ]
