//! The door of the end-to-end harness; everything is in the library.

fn main() -> std::process::ExitCode {
    e2e::main()
}
