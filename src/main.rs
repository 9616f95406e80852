//! The `callhome` program; everything is in the library.

fn main() -> std::process::ExitCode {
    callhome::cli::main()
}
