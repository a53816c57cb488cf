//! The entry point of the end-to-end harness; everything else is in the library.

fn main() -> std::process::ExitCode {
    e2e::main()
}
