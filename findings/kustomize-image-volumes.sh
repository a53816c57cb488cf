#!/usr/bin/env bash
# kustomize 5.7.1, `images:`: in a Deployment the digest goes into the containers and into an image volume
# (`volumes[].image.reference`); in a CronJob, from the same entry, into the containers only. A release of a CronJob
# that mounts its own image as a volume then runs two versions at once, without a warning and with exit code 0.
#
# Seen: Deployment "reference: app@sha256:…", CronJob "reference: app", both with "image: app@sha256:…".
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
GOBIN=$folder GOFLAGS=-modcacherw go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1
cd "$folder"

digest=sha256:$(printf '0%.0s' {1..64})
pod='containers: [{name: app, image: app}], volumes: [{name: data, image: {reference: app}}]'
cat >deployment.yaml <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec: {template: {spec: {$pod}}}
EOF
cat >cronjob.yaml <<EOF
apiVersion: batch/v1
kind: CronJob
metadata: {name: app}
spec: {jobTemplate: {spec: {template: {spec: {$pod}}}}}
EOF

# How often the digest is written into one kind of object.
count() {
    printf 'resources: [%s]\nimages: [{name: app, digest: "%s"}]\n' "$1" "$digest" >kustomization.yaml
    ./kustomize build . | tee "$1.out" | grep -c "app@$digest"
}
deployment=$(count deployment.yaml)
cronjob=$(count cronjob.yaml)
grep -E 'image: app|reference' ./*.out
echo "digests written: Deployment $deployment of 2, CronJob $cronjob of 2"
[ "$deployment" = 2 ] && [ "$cronjob" = 1 ]
