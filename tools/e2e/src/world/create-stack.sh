# Creates stack $0 in region $1 with all other parameters from the template on standard input.
# `cloudformation deploy` and `wait` would do the same, but they look only every 30 s.
set -eu
stack=$0
region=$1
shift
# The command line wants a file that it can seek in.
cat > "/tmp/$stack.yaml"

cloudformation() {
    verb=$1
    shift
    awslocal --region "$region" cloudformation "$verb" --stack-name "$stack" "$@"
}

cloudformation create-stack --template-body "file:///tmp/$stack.yaml" --parameters "$@" --capabilities CAPABILITY_NAMED_IAM
while true; do
    status=$(cloudformation describe-stacks --query 'Stacks[0].StackStatus' --output text)
    case $status in
    CREATE_COMPLETE) exit 0 ;;
    CREATE_IN_PROGRESS) sleep 1 ;;
    *)
        cloudformation describe-stack-events --output text >&2
        echo "stack $stack is $status" >&2
        exit 1
        ;;
    esac
done
