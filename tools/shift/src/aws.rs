//! AWS, asked through its own command line, which knows every way in which a person signs in.

use std::io::ErrorKind;
use std::process::{Command, ExitStatus};

use serde_json::Value;
use taskkit::aws::ErrorClass;

use crate::fault::Fault;

/// With this it ends by Ctrl-C, of which it hears too.
const INTERRUPTED: i32 = 130;

/// One region of the account that the person has signed in to.
pub(crate) struct Aws {
    pub(crate) region: String,
}

impl Aws {
    /// Runs `aws` with these arguments; what it answers, null when it answers nothing.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Result<Value, Fault> {
        let mut aws = Command::new("aws");
        aws.args(["--region", &self.region, "--output", "json"])
            // An answer that does not come is known in time for the guard.
            .args(["--cli-connect-timeout", "5", "--cli-read-timeout", "20"])
            .args(arguments)
            .env("AWS_PAGER", "");
        let output = aws.output().map_err(|error| match error.kind() {
            ErrorKind::NotFound => Fault::NoCommandLine,
            _ => Fault::Unreachable {
                said: format!("start the command line of AWS: {error}"),
            },
        })?;
        let command = arguments[..arguments.len().min(2)].join(" ");
        if was_interrupted(output.status) {
            return Err(Fault::Unreachable {
                said: format!("`aws {command}` was interrupted"),
            });
        }
        if !output.status.success() {
            return Err(fault(&command, &String::from_utf8_lossy(&output.stderr)));
        }
        if output.stdout.trim_ascii().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&output.stdout).map_err(|error| Fault::Unreachable {
            said: format!("read the answer to `aws {command}`: {error}"),
        })
    }
}

/// Whether it ended for a reason of this machine, and not of AWS.
fn was_interrupted(status: ExitStatus) -> bool {
    status.code().is_none_or(|code| code == INTERRUPTED)
}

/// What a failed command meant by what it wrote.
fn fault(command: &str, wrote: &str) -> Fault {
    let said = wrote.split_whitespace().collect::<Vec<_>>().join(" ");
    match ErrorClass::of(&said) {
        ErrorClass::NoCredentials | ErrorClass::Expired => Fault::Expired { said },
        ErrorClass::Denied => Fault::Denied { said },
        ErrorClass::Busy => Fault::Throttled { said },
        ErrorClass::Other => Fault::Refused {
            what: format!("`aws {command}`"),
            said,
        },
        ErrorClass::Clock
        | ErrorClass::Certificate
        | ErrorClass::Proxy
        | ErrorClass::UnknownHost
        | ErrorClass::NotReached => Fault::Unreachable { said },
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn a_command_that_a_signal_has_ended_may_go_better_next_time() {
        // As the system has it: a code, or the number of a signal.
        for (raw, interrupted) in [(2, true), (130 << 8, true), (254 << 8, false), (0, false)] {
            assert_eq!(was_interrupted(ExitStatus::from_raw(raw)), interrupted, "{raw}");
        }
    }

    #[test]
    fn each_kind_of_refusal_has_its_name() {
        let of = |code: &str| {
            fault(
                "elbv2 modify-listener",
                &format!("\nAn error occurred ({code}) when calling the ModifyListener operation: no\n"),
            )
        };
        assert!(matches!(of("ExpiredToken"), Fault::Expired { .. }));
        assert!(matches!(of("AccessDenied"), Fault::Denied { .. }));
        assert!(matches!(of("Throttling"), Fault::Throttled { .. }));
        let other = of("ListenerNotFound").to_string();
        assert!(
            other.contains("`aws elbv2 modify-listener`: An error occurred"),
            "{other}"
        );
        // Who signs in anew, or waits, is served by another attempt.
        assert!(of("ExpiredToken").passes() && of("Throttling").passes() && !of("AccessDenied").passes());
    }
}
