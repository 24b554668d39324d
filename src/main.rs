//! The `bidui` program: everything is in [`bidui::cli`].

use std::process::ExitCode;

// A county is millions of short strings; the system allocator spends a tenth of the run on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    bidui::cli::main()
}
