#!/usr/bin/env bash
# act 0.2.89: where no remote of the checkout looks like one of GitHub's, `github.repository` is "nektos/act", act's own
# repository, and neither empty nor what the event says. A job with the usual guard against forks,
# `if: github.event.pull_request.head.repo.full_name == github.repository`, is skipped without a word, and act ends
# with 0. `--env GITHUB_REPOSITORY=owner/name` tells it; the same variable in act's own environment does not.
#
# Seen: no output of the job and exit code 0 without the option, "guarded job runs in owner/name" with it.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder" && rm -rf "$folder"' EXIT
cd "$folder"
GOPATH=$folder/go GOBIN=$folder/bin GOTOOLCHAIN=auto go install github.com/nektos/act@v0.2.89

mkdir -p project/.github/workflows && cd project
git init --quiet .
cat >.github/workflows/check.yaml <<'EOF'
on: pull_request
jobs:
  open:
    runs-on: here
    steps:
      - run: echo "open job runs in ${{ github.repository }}"
  guarded:
    if: github.event.pull_request.head.repo.full_name == github.repository
    runs-on: here
    steps:
      - run: echo "guarded job runs in ${{ github.repository }}"
EOF
cat >../event.json <<'EOF'
{
  "repository": {"full_name": "owner/name"},
  "pull_request": {"head": {"repo": {"full_name": "owner/name"}}}
}
EOF
git add . && git -c user.name=a -c user.email=a@example.invalid commit --quiet -m all
run() {
    code=0
    HOME=$folder GITHUB_REPOSITORY=owner/name "$folder/bin/act" pull_request --platform here=-self-hosted \
        --eventpath ../event.json "$@" >../out 2>&1 || code=$?
    grep 'job runs in' ../out | grep -v echo || true
    echo "exit code $code"
    [ "$code" = 0 ]
}
run
grep -q 'open job runs in nektos/act' ../out
if grep -q 'guarded job runs' ../out; then exit 1; fi
run --env GITHUB_REPOSITORY=owner/name
grep -q 'guarded job runs in owner/name' ../out
