# Creates or updates stack $0, as $1 says, in region $2 with all other parameters from the template on standard input.
# `cloudformation deploy` and `wait` would do the same, but they look only every 30 s.
set -eu
stack=$0
verb=$1
region=$2
shift 2
# The command line wants a file that it can seek in.
cat > "/tmp/$stack.yaml"

cloudformation() {
    call=$1
    shift
    awslocal --region "$region" cloudformation "$call" --stack-name "$stack" "$@"
}

said=$(cloudformation "$verb-stack" --template-body "file:///tmp/$stack.yaml" --parameters "$@" --capabilities CAPABILITY_NAMED_IAM 2>&1) ||
    case $said in
    *'No updates are to be performed'*) exit 0 ;;
    *)
        echo "$said" >&2
        exit 1
        ;;
    esac
while true; do
    status=$(cloudformation describe-stacks --query 'Stacks[0].StackStatus' --output text)
    case $status in
    CREATE_COMPLETE | UPDATE_COMPLETE) exit 0 ;;
    CREATE_IN_PROGRESS | UPDATE_IN_PROGRESS | UPDATE_COMPLETE_CLEANUP_IN_PROGRESS) sleep 1 ;;
    *)
        cloudformation describe-stack-events --output text >&2
        echo "stack $stack is $status" >&2
        exit 1
        ;;
    esac
done
