//! Lines for whoever looks on. Nobody may do so any more, as behind a pipe to a `tee` that the same
//! Ctrl-C has ended: `println!` and its kin would then panic, where something is still to be
//! removed.

use std::io::{self, Write};

/// Writes a line to standard error, if anybody reads it.
pub fn to_stderr(line: &str) {
    write(io::stderr(), line);
}

/// Writes a line to standard output, if anybody reads it.
pub fn to_stdout(line: &str) {
    write(io::stdout(), line);
}

fn write(mut to: impl Write, line: &str) {
    // In one piece, so that lines of several threads do not mix.
    let line = format!("{line}\n");
    let _ = to.write_all(line.as_bytes()).and_then(|()| to.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whose reader is gone.
    struct Unread;

    impl Write for Unread {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_line_that_nobody_reads_is_lost_and_nothing_else() {
        write(Unread, "lost");
        let mut read = Vec::new();
        write(&mut read, "a line");
        assert_eq!(read, b"a line\n");
    }
}
