//! Lines for whoever looks on. Nobody may do so any more, as behind a pipe to a `tee` that the same
//! Ctrl-C has ended: `println!` and its kin would then panic, where something is still to be
//! removed.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a line was lost that somebody does read, as on a full disk.
static LOST: AtomicBool = AtomicBool::new(false);

/// Writes a line to standard error, if anybody reads it.
pub fn to_stderr(line: &str) {
    // There is no other place to say that it could not be said.
    let _ = write(io::stderr(), line);
}

/// Writes a line to standard output, if anybody reads it. What is lost on the way is said once, and
/// the process goes on; its end has to tell by [`lost`].
pub fn to_stdout(line: &str) {
    if let Err(error) = write(io::stdout(), line)
        && !LOST.swap(true, Ordering::SeqCst)
    {
        to_stderr(&format!("error: write to standard output: {error}"));
    }
}

/// Whether standard output lacks a line that somebody reads: then the process has failed.
pub fn lost() -> bool {
    LOST.load(Ordering::SeqCst)
}

/// That nobody reads is no error.
fn write(mut to: impl Write, line: &str) -> io::Result<()> {
    // In one piece, so that lines of several threads do not mix.
    let line = format!("{line}\n");
    match to.write_all(line.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes nothing, for this reason.
    struct Refuses(ErrorKind);

    impl Write for Refuses {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_line_that_nobody_reads_is_lost_and_nothing_else() {
        write(Refuses(ErrorKind::BrokenPipe), "lost").unwrap();
        let mut read = Vec::new();
        write(&mut read, "a line").unwrap();
        assert_eq!(read, b"a line\n");
    }

    #[test]
    fn a_line_that_the_disk_has_no_room_for_is_an_error() {
        let error = write(Refuses(ErrorKind::StorageFull), "lost").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    }
}
